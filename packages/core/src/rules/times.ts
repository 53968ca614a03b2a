import type { FailureCode } from '../failures.js';
import { reject, satisfied, type Finding, type Rule } from './rule.js';
import { isNumericDate } from './shapes.js';

/** The time claims. All compare at full precision, and forgive the leeway in the token's favour only. */

/**
 * The token has an expiry, and it lies ahead: dead from the instant in `exp` on, give or take the leeway.
 *
 * Error: `token.expired`, with reason `missing` or `malformed` where there is no usable `exp`.
 * Spec: RFC 7519 section 4.1.4.
 */
export const notExpired: Rule = {
  guarantees: 'exp lies ahead',
  spec: 'RFC 7519 section 4.1.4',
  check: ({ claims: { exp } }, { nowSeconds, leewaySeconds }) => {
    if (!isNumericDate(exp)) return missingOrMalformed('token.expired', 'exp', exp);
    return nowSeconds < exp + leewaySeconds ? satisfied : reject('token.expired', 'mismatch', 'exp');
  },
};

/**
 * The token's expiry, if it has one, lies ahead. For kinds that may live without an end.
 *
 * Error: `token.expired`.
 * Spec: RFC 7519 section 4.1.4.
 */
export const notExpiredIfPresent: Rule = {
  guarantees: 'exp, where present, lies ahead',
  spec: 'RFC 7519 section 4.1.4',
  check: (token, expected) =>
    token.claims['exp'] === undefined ? satisfied : notExpired.check(token, expected),
};

/**
 * The token's not-before time, if it has one, has come.
 *
 * Error: `token.not-yet-valid`.
 * Spec: RFC 7519 section 4.1.5.
 */
export const notUsedBeforeItsTime: Rule = {
  guarantees: 'nbf, where present, has come',
  spec: 'RFC 7519 section 4.1.5',
  check: ({ claims: { nbf } }, { nowSeconds, leewaySeconds }) => {
    if (nbf === undefined) return satisfied;
    if (!isNumericDate(nbf)) return reject('token.not-yet-valid', 'malformed', 'nbf');
    return nowSeconds >= nbf - leewaySeconds ? satisfied : reject('token.not-yet-valid', 'mismatch', 'nbf');
  },
};

/**
 * The token, where it says when it was issued, was not issued in the future.
 *
 * Error: `token.not-yet-valid`.
 * Spec: RFC 7519 section 4.1.6; refusing the future is a decision of this project.
 */
export const notIssuedInTheFuture: Rule = {
  guarantees: 'iat, where present, is not in the future',
  spec: 'RFC 7519 section 4.1.6',
  check: ({ claims: { iat } }, { nowSeconds, leewaySeconds }) => {
    if (iat === undefined) return satisfied;
    if (!isNumericDate(iat)) return reject('token.claim-invalid', 'malformed', 'iat');
    return nowSeconds >= iat - leewaySeconds ? satisfied : reject('token.not-yet-valid', 'mismatch', 'iat');
  },
};

/**
 * The token was issued no longer ago than the receiver's limit, where it has one. Leeway does not stretch the limit.
 *
 * Error: `token.too-old`.
 * Spec: RFC 7519 section 4.1.6.
 */
export const notOlderThanAllowed: Rule = {
  guarantees: 'iat is no longer ago than the configured limit',
  spec: 'RFC 7519 section 4.1.6',
  check: ({ claims: { iat } }, { nowSeconds, maximumAgeSeconds }) => {
    if (maximumAgeSeconds === undefined) return satisfied;
    if (!isNumericDate(iat)) return missingOrMalformed('token.too-old', 'iat', iat);
    return nowSeconds - iat <= maximumAgeSeconds ? satisfied : reject('token.too-old', 'mismatch', 'iat');
  },
};

/**
 * The token, where it says when it was issued, was issued no longer ago than the receiver's limit. For kinds whose `iat`
 * is optional.
 *
 * Error: `token.too-old`.
 * Spec: RFC 7519 section 4.1.6; RFC 7523 section 3.
 */
export const notOlderThanAllowedIfItSays: Rule = {
  guarantees: 'iat, where present, is no longer ago than the configured limit',
  spec: 'RFC 7519 section 4.1.6; RFC 7523 section 3',
  check: (token, expected) =>
    token.claims['iat'] === undefined ? satisfied : notOlderThanAllowed.check(token, expected),
};

/**
 * The token does not live longer than the receiver's limit, where it has one: neither from now nor from its `iat`.
 *
 * Error: `token.lifetime-excessive`.
 * Spec: RFC 7523 section 3.
 */
export const lifetimeIsBounded: Rule = {
  guarantees: 'exp is no farther ahead than the configured limit',
  spec: 'RFC 7523 section 3',
  check: ({ claims: { exp, iat } }, { nowSeconds, leewaySeconds, maximumLifetimeSeconds }) => {
    if (maximumLifetimeSeconds === undefined) return satisfied;
    if (!isNumericDate(exp)) return missingOrMalformed('token.lifetime-excessive', 'exp', exp);
    const earliest = isNumericDate(iat)
      ? Math.min(iat, nowSeconds + leewaySeconds)
      : nowSeconds + leewaySeconds;
    return exp - earliest <= maximumLifetimeSeconds
      ? satisfied
      : reject('token.lifetime-excessive', 'mismatch', 'exp');
  },
};

function missingOrMalformed(code: FailureCode, claim: string, value: unknown): Finding {
  return reject(code, value === undefined ? 'missing' : 'malformed', claim);
}
