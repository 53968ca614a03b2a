import type { Requirement } from '@assay/core';
import { declare, type ProtectionDecorator } from '../protection/declaration.js';

/**
 * The handlers of this class, or this method, demand what a requirement of core demands. Every decorator that demands
 * something is this one around its requirement.
 *
 * Requirements accumulate: all those on a method, on what it overrides, on its class and on its base classes are
 * judged.
 *
 * Error: that of the requirement, and 401 `request.token-missing` without a token.
 */
export function Require(requirement: Requirement): ProtectionDecorator {
  return declare({ kind: 'require', requirement });
}
