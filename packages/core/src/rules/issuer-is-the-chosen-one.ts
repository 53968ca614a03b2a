import { reject, satisfied, type Rule } from './rule.js';

/**
 * `iss` is, to the character, the issuer whose key verified the signature.
 *
 * Error: `token.issuer-mismatch`.
 * Spec: RFC 9068 section 4; RFC 8725 section 3.8.
 */
export const issuerIsTheChosenOne: Rule = {
  guarantees: 'iss is the issuer whose key verified the signature',
  spec: 'RFC 9068 section 4; RFC 8725 section 3.8',
  check: ({ claims }, { issuer }) => {
    if (claims['iss'] === undefined) return reject('token.issuer-mismatch', 'missing', 'iss');
    return claims['iss'] === issuer ? satisfied : reject('token.issuer-mismatch', 'mismatch', 'iss');
  },
};
