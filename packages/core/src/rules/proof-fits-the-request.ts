import { normalisedUri } from '../binding/normalised-uri.js';
import { reject, satisfied, type Rule } from './rule.js';
import { isString } from './shapes.js';

/** The rules that tie a DPoP proof to one request. What the request is stands in `expected.proof`. */

/**
 * The proof names the method of the request. Methods are case-sensitive.
 *
 * Error: `proof.method-mismatch`; `proof.claim-invalid` where there is no such claim.
 * Spec: RFC 9449 section 4.3, check 8; RFC 9110 section 9.1.
 */
export const methodIsThatOfTheRequest: Rule = {
  guarantees: 'htm is the method of the request',
  spec: 'RFC 9449 section 4.3',
  check: ({ claims: { htm } }, { proof }) => {
    if (!isString(htm))
      return reject('proof.claim-invalid', htm === undefined ? 'missing' : 'malformed', 'htm');
    return proof !== undefined && htm === proof.method
      ? satisfied
      : reject('proof.method-mismatch', 'mismatch', 'htm');
  },
};

/**
 * The proof names the URI of the request. Equivalent URIs are the same; query and fragment play no part.
 *
 * Error: `proof.uri-mismatch`; `proof.claim-invalid` where there is no such claim.
 * Spec: RFC 9449 section 4.3, check 9.
 */
export const uriIsThatOfTheRequest: Rule = {
  guarantees: 'htu is the URI of the request',
  spec: 'RFC 9449 section 4.3',
  check: ({ claims: { htu } }, { proof }) => {
    if (!isString(htu))
      return reject('proof.claim-invalid', htu === undefined ? 'missing' : 'malformed', 'htu');
    const named = normalisedUri(htu);
    return named !== undefined && named === proof?.uri
      ? satisfied
      : reject('proof.uri-mismatch', 'mismatch', 'htu');
  },
};

/**
 * The proof names the access token that it is presented with, where there is one.
 *
 * Error: `proof.token-mismatch`; `proof.claim-invalid` where there is no such claim.
 * Spec: RFC 9449 section 4.3, check 12; section 4.2.
 */
export const accessTokenIsThatOfTheRequest: Rule = {
  guarantees: 'ath is the digest of the access token of the request',
  spec: 'RFC 9449 section 4.3',
  check: ({ claims: { ath } }, { proof }) => {
    if (proof?.accessTokenHash === undefined) return satisfied;
    if (!isString(ath))
      return reject('proof.claim-invalid', ath === undefined ? 'missing' : 'malformed', 'ath');
    return ath === proof.accessTokenHash ? satisfied : reject('proof.token-mismatch', 'mismatch', 'ath');
  },
};
