import { actor, type ActorPolicy } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * Somebody acts for the subject who may: `@RequireActor({ actors: ['svc-assistant'], maximumDepth: 1 })`. A function
 * instead of the list also gets the principal and the platform's request.
 *
 * Error: 403 `permission.actor-refused`; 500 `service.failed` when the function throws.
 * Throws: `SetupError` for nobody, actors without a name, or an impossible depth.
 * Spec: RFC 8693 section 4.1.
 */
export function RequireActor<PlatformRequest = { params: Record<string, string | undefined> }>(
  policy: ActorPolicy<PlatformRequest>,
): ProtectionDecorator {
  return Require(actor(policy));
}
