import { authorizationDetail, type AuthorizationDetailPolicy } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * One authorization detail of the token grants all of this:
 * `@RequireAuthorizationDetail({ type: 'payment_initiation', actions: ['initiate'] })`.
 *
 * Error: 403 `permission.detail-refused`; 500 `service.failed` when `satisfies` throws.
 * Throws: `SetupError` for a policy without a type, and for empty lists and texts.
 * Spec: RFC 9396 section 9.
 */
export function RequireAuthorizationDetail<PlatformRequest = { params: Record<string, string | undefined> }>(
  policy: AuthorizationDetailPolicy<PlatformRequest>,
): ProtectionDecorator {
  return Require(authorizationDetail(policy));
}
