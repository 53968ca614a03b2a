import { reject, satisfied, type Rule } from './rule.js';
import { isNumericDate, isString } from './shapes.js';

/**
 * The proof was made a moment ago. The leeway counts on both sides: clients' clocks are off in either direction.
 *
 * Error: `proof.too-old`, `proof.not-yet-valid`; `proof.claim-invalid` where there is no usable `iat`.
 * Spec: RFC 9449 section 4.3, check 11; section 11.1.
 */
export const proofIsRecent: Rule = {
  guarantees: 'iat lies within the window for proofs',
  spec: 'RFC 9449 section 4.3',
  check: ({ claims: { iat } }, { nowSeconds, leewaySeconds, maximumAgeSeconds = 0 }) => {
    if (!isNumericDate(iat))
      return reject('proof.claim-invalid', iat === undefined ? 'missing' : 'malformed', 'iat');
    if (nowSeconds < iat - leewaySeconds) return reject('proof.not-yet-valid', 'mismatch', 'iat');
    return nowSeconds - iat <= maximumAgeSeconds + leewaySeconds
      ? satisfied
      : reject('proof.too-old', 'mismatch', 'iat');
  },
};

/**
 * The proof holds a recent nonce of this server, where it demands one. No proof without one passes then, however
 * recent it is.
 *
 * Error: `proof.nonce-missing`, `proof.nonce-refused`.
 * Spec: RFC 9449 section 4.3, check 10; sections 8, 9 and 11.3.
 */
export const nonceIsFromThisServer: Rule = {
  guarantees: 'nonce, where the server demands one, is a recent one of its own',
  spec: 'RFC 9449 section 9',
  check: ({ claims: { nonce } }, { proof }) => {
    if (proof?.acceptsNonce === undefined) return satisfied;
    if (nonce === undefined || nonce === null || nonce === '')
      return reject('proof.nonce-missing', 'missing', 'nonce');
    return isString(nonce) && proof.acceptsNonce(nonce)
      ? satisfied
      : reject('proof.nonce-refused', 'mismatch', 'nonce');
  },
};
