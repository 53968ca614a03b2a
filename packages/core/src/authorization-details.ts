import type { Claims } from './evidence.js';
import { isListOf, isNonEmptyString } from './rules/shapes.js';

/**
 * One right of a token: what `type` means, and what its other members mean, is settled between the API and its
 * authorization server. `actions`, `locations` and their like are lists of strings by custom; nothing has checked that.
 *
 * Spec: RFC 9396 section 2.
 */
export interface AuthorizationDetail {
  readonly type: string;
  readonly [member: string]: unknown;
}

/** Whether a claim is a list of objects that each have a type. */
export const areAuthorizationDetails = isListOf(isAuthorizationDetail);

function isAuthorizationDetail(value: unknown): value is AuthorizationDetail {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return isNonEmptyString((value as Claims)['type']);
}
