import { reject, satisfied, type Rule } from './rule.js';

/**
 * The token speaks for whoever issued it: `sub` is `iss`, character by character.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 7523 section 3; OpenID Connect Core section 9.
 */
export const subjectIsTheIssuer: Rule = {
  guarantees: 'sub is the issuer itself',
  spec: 'RFC 7523 section 3',
  check: ({ claims: { sub } }, { issuer }) => {
    if (sub === undefined) return reject('token.claim-invalid', 'missing', 'sub');
    return sub === issuer ? satisfied : reject('token.claim-invalid', 'mismatch', 'sub');
  },
};
