import { isJsonObject } from '../encoding/strict-json.js';
import { reject, satisfied, type Rule } from './rule.js';
import { isString } from './shapes.js';

/** How many bits one status has. */
export type StatusBits = 1 | 2 | 4 | 8;

/** A `status_list` claim: its list is still packed. */
export interface StatusListClaim {
  readonly bits: StatusBits;
  readonly lst: string;
}

const allowedBits: readonly unknown[] = [1, 2, 4, 8] satisfies StatusBits[];

/** Whether a value has the shape of a status list (draft-ietf-oauth-status-list section 4.2). */
export function isStatusListClaim(value: unknown): value is StatusListClaim {
  return isJsonObject(value) && allowedBits.includes(value['bits']) && isString(value['lst']);
}

/**
 * There is a status list, with 1, 2, 4 or 8 bits for each status.
 *
 * Error: `token.claim-invalid`.
 * Spec: draft-ietf-oauth-status-list sections 4.2 and 5.1.
 */
export const statusListIsUsable: Rule = {
  guarantees: 'status_list holds a list, and bits is 1, 2, 4 or 8',
  spec: 'draft-ietf-oauth-status-list section 5.1',
  check: ({ claims: { status_list: list } }) => {
    if (list === undefined) return reject('token.claim-invalid', 'missing', 'status_list');
    return isStatusListClaim(list) ? satisfied : reject('token.claim-invalid', 'malformed', 'status_list');
  },
};
