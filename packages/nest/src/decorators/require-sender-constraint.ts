import { senderConstraint, type SenderConstraint } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The token is bound to a key of its sender in this way: by DPoP, by a client certificate, or by either.
 *
 * Error: 401 `token.confirmation-missing`, with a DPoP challenge where that would do.
 * Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 2.2.1.
 */
export function RequireSenderConstraint(expected: SenderConstraint | 'any'): ProtectionDecorator {
  return Require(senderConstraint(expected));
}
