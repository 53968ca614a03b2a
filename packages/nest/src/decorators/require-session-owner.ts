import { sessionOwner, type SessionOwnerLookup } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The session that the request names belongs to this principal: not to another user, nor to another client. The look-up
 * gets the platform's request, and returns what `sessionOwnerOf(principal)` said when the session began.
 *
 * Error: 403 `permission.session-refused`; 500 `service.failed` when the look-up throws.
 * Throws: `SetupError` for what is no function.
 * Spec: RFC 8725 section 3.8.
 */
export function RequireSessionOwner<PlatformRequest = { headers: Record<string, string | undefined> }>(
  ownerOf: SessionOwnerLookup<PlatformRequest>,
): ProtectionDecorator {
  return Require(sessionOwner(ownerOf));
}
