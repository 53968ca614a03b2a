import { stepUp, type StepUpDemand } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The user was authenticated as strongly and as recently as this handler needs: `@RequireStepUp({ maxAgeSeconds: 300 })`.
 * Several of them all hold, and the challenge says what satisfies them together, with the scopes that are missing.
 *
 * Error: 401 `authentication.insufficient`.  Throws: `SetupError` for a demand that demands nothing, or cannot be said;
 * at start-up, for several that no authentication satisfies together.
 * Spec: RFC 9470 section 3.
 */
export function RequireStepUp(demand: StepUpDemand): ProtectionDecorator {
  return Require(stepUp(demand));
}
