import { scope, type ScopeArguments } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The token grants all of these scopes.
 *
 * Error: 403 `scope.insufficient`.  Throws: `SetupError` for an empty list or an impossible scope.
 * Spec: RFC 6750 section 3.1.
 */
export function RequireScope(...scopes: ScopeArguments): ProtectionDecorator {
  return Require(scope(...scopes));
}
