import { isJsonObject } from '../encoding/strict-json.js';
import { reject, satisfied, type Rule } from './rule.js';

/**
 * What the issuer calls the token agrees with what the token is bound to: `DPoP` and a key (`cnf.jkt`) come together or
 * not at all. `Bearer` is the type of every other access token, also of one that is bound to a certificate; other types
 * are not access tokens that we know.
 *
 * Error: `token.type-mismatch`.
 * Spec: RFC 9449 section 6.2; RFC 7662 section 2.2; RFC 8705 section 3.2.
 */
export const tokenTypeFitsConfirmation: Rule = {
  guarantees: 'token_type, where present, agrees with cnf',
  spec: 'RFC 9449 section 6.2; RFC 7662 section 2.2',
  check: ({ claims: { token_type: tokenType, cnf } }) => {
    if (tokenType === undefined) return satisfied;
    if (typeof tokenType !== 'string') return reject('token.type-mismatch', 'malformed', 'token_type');
    const fitting = isJsonObject(cnf) && cnf['jkt'] !== undefined ? 'dpop' : 'bearer';
    return tokenType.toLowerCase() === fitting
      ? satisfied
      : reject('token.type-mismatch', 'mismatch', 'token_type');
  },
};
