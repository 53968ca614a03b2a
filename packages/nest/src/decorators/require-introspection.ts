import { introspection } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The issuer says now that the token is active, and what it takes away counts for all that the handler demands.
 *
 * Error: 401 `token.inactive`, `token.introspection-mismatch`; 503 `service.introspection-unavailable`.
 * Throws: `SetupError` at start-up, where the resource server has no `introspection` option.
 * Spec: RFC 7662 section 4.
 */
export function RequireIntrospection(): ProtectionDecorator {
  return Require(introspection());
}
