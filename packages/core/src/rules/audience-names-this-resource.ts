import { isListOf, isString } from './shapes.js';
import { reject, satisfied, type Rule } from './rule.js';

/**
 * The token was issued for this receiver.
 *
 * Rejects when `aud` is absent, is neither a string nor a list of strings, or names none of the expected
 * audiences. Comparison is exact: no case folding, no URL normalisation, no patterns.
 *
 * Error: `token.audience-mismatch`.
 * Spec: RFC 9068 section 4; RFC 7519 section 4.1.3.
 */
export const audienceNamesThisResource: Rule = {
  guarantees: 'aud names this receiver',
  spec: 'RFC 9068 section 4; RFC 7519 section 4.1.3',
  check: ({ claims }, { audiences }) => {
    if (claims['aud'] === undefined) return reject('token.audience-mismatch', 'missing', 'aud');
    const named = audienceList(claims['aud']);
    if (named === undefined) return reject('token.audience-mismatch', 'malformed', 'aud');
    return named.some((audience) => audiences.includes(audience))
      ? satisfied
      : reject('token.audience-mismatch', 'mismatch', 'aud');
  },
};

/**
 * The token was issued for this receiver and for nobody else, who could present it in turn.
 *
 * Error: `token.audience-mismatch`.
 * Spec: RFC 7523 section 3; RFC 8725 section 3.9.
 */
export const audienceNamesOnlyThisServer: Rule = {
  guarantees: 'aud names this server and nobody else',
  spec: 'RFC 7523 section 3',
  check: (token, expected) => {
    const finding = audienceNamesThisResource.check(token, expected);
    if (finding !== undefined) return finding;
    return audienceList(token.claims['aud'])?.length === 1
      ? satisfied
      : reject('token.audience-mismatch', 'mismatch', 'aud');
  },
};

/**
 * The token, where it says for whom it is, was issued for this receiver. For kinds that are for anybody by default.
 *
 * Error: `token.audience-mismatch`.
 * Spec: RFC 7519 section 4.1.3.
 */
export const audienceNamesThisReceiverIfPresent: Rule = {
  guarantees: 'aud, where present, names this receiver',
  spec: 'RFC 7519 section 4.1.3',
  check: (token, expected) =>
    token.claims['aud'] === undefined ? satisfied : audienceNamesThisResource.check(token, expected),
};

/** The members of an `aud` claim, or `undefined` when it has another shape than the standard's two. */
export function audienceList(aud: unknown): readonly string[] | undefined {
  if (isString(aud)) return [aud];
  return isListOf(isString)(aud) ? aud : undefined;
}
