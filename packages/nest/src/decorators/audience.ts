import { audience } from '@assay/core';
import type { ProtectionDecorator } from '../protection/declaration.js';
import { Require } from './require.js';

/**
 * The token names this one of the resource server's audiences.
 *
 * Error: 401 `token.audience-mismatch`.  Throws: `SetupError` for an empty identifier; at start-up, for one that is
 * not among the audiences of the resource server.
 * Spec: RFC 9068 section 4.
 */
export function Audience(member: string): ProtectionDecorator {
  return Require(audience(member));
}
