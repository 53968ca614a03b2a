import { claim, type ClaimPredicate, type ClaimValue } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The claim has this value, or is a list that contains it, or satisfies the predicate, which also gets the principal
 * and the platform's request: `@RequireClaim('tenant', (value, { request }) => value === request.params.tenant)`.
 *
 * Error: 403 `permission.claim-refused`; 500 `service.failed` when the predicate throws.
 * Throws: `SetupError` for a claim without a name or a value that cannot be compared.
 * Spec: RFC 9068 section 4.
 */
export function RequireClaim<PlatformRequest = { params: Record<string, string | undefined> }>(
  name: string,
  expected: ClaimValue | ClaimPredicate<PlatformRequest>,
): ProtectionDecorator {
  return Require(claim(name, expected));
}
