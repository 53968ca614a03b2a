import { reject, satisfied, type Rule } from './rule.js';
import { isNumericDate } from './shapes.js';

/**
 * The list, where it says for how long it can be kept, says a positive number of seconds.
 *
 * Error: `token.claim-invalid`.
 * Spec: draft-ietf-oauth-status-list section 5.1.
 */
export const timeToLiveIsPositive: Rule = {
  guarantees: 'ttl, where present, is a positive number',
  spec: 'draft-ietf-oauth-status-list section 5.1',
  check: ({ claims: { ttl } }) =>
    ttl === undefined || (isNumericDate(ttl) && ttl > 0)
      ? satisfied
      : reject('token.claim-invalid', 'malformed', 'ttl'),
};
