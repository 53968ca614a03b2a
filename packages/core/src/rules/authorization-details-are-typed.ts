import { areAuthorizationDetails } from '../authorization-details.js';
import { reject, satisfied, type Rule } from './rule.js';

/**
 * `authorization_details`, where present, is a list of objects, each with a `type`.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9396 section 2.
 */
export const authorizationDetailsAreTyped: Rule = {
  guarantees: 'authorization_details, where present, is a list of objects with a type',
  spec: 'RFC 9396 section 2',
  check: ({ claims: { authorization_details: details } }) =>
    details === undefined || areAuthorizationDetails(details)
      ? satisfied
      : reject('token.claim-invalid', 'malformed', 'authorization_details'),
};
