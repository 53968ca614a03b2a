import { reject, satisfied, type Rule } from './rule.js';

/**
 * Whoever presents the token has proven the key that it is bound to. Proofs are not supported yet, so a token that
 * needs one is refused: a bound token that was copied must not pass as a plain one.
 *
 * Error: `token.confirmation-unverifiable`.
 * Spec: RFC 7800 section 3; RFC 9449 section 7; RFC 8705 section 3.
 */
export const confirmationIsProven: Rule = {
  guarantees: 'no key is named in cnf that was not proven',
  spec: 'RFC 7800 section 3',
  check: ({ claims }) =>
    claims['cnf'] === undefined ? satisfied : reject('token.confirmation-unverifiable', 'mismatch', 'cnf'),
};
