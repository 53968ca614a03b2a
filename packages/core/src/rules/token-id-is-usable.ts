import { reject, satisfied, type Rule } from './rule.js';
import { isNonEmptyString } from './shapes.js';

/** The longest token identifier that is accepted: a store has to remember it. Units: characters. */
export const maximumTokenIdLength = 256;

/**
 * The token has an identifier where it may be used only once, and one that a store can remember.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 7523 section 3; RFC 7519 section 4.1.7.
 */
export const tokenIdIsUsable: Rule = {
  guarantees: 'jti is present where the token is single use, and short enough to be remembered',
  spec: 'RFC 7523 section 3; RFC 7519 section 4.1.7',
  check: ({ claims: { jti } }, { singleUse }) => {
    if (jti === undefined) {
      return singleUse === true ? reject('token.claim-invalid', 'missing', 'jti') : satisfied;
    }
    return isNonEmptyString(jti) && jti.length <= maximumTokenIdLength
      ? satisfied
      : reject('token.claim-invalid', 'malformed', 'jti');
  },
};
