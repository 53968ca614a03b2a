import { reject, satisfied, type Rule } from './rule.js';

/**
 * The claim has exactly this value, by which an issuer marks its access tokens.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 8725 section 3.12.
 */
export function claimEquals(claim: string, expected: string): Rule {
  return {
    guarantees: `${claim} is ${expected}`,
    spec: 'RFC 8725 section 3.12',
    check: ({ claims }) => {
      if (claims[claim] === expected) return satisfied;
      return reject('token.type-mismatch', claims[claim] === undefined ? 'missing' : 'mismatch', claim);
    },
  };
}
