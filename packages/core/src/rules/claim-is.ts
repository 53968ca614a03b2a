import { reject, satisfied, type Rule } from './rule.js';
import { isListOf, isNonEmptyString, isNumericDate, isString } from './shapes.js';

/**
 * The claim is present and is a string with something in it.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9068 section 2.2; RFC 7519 sections 4.1.1, 4.1.2 and 4.1.7.
 */
export function claimIsPresent(claim: string): Rule {
  return claimHasShape(claim, 'present and a string', isNonEmptyString);
}

/**
 * The claim is present and is a time.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9068 section 2.2; RFC 7519 section 2.
 */
export function claimIsATime(claim: string): Rule {
  return claimHasShape(claim, 'present and a time', isNumericDate);
}

/**
 * The claim, where present, is a string.
 *
 * Error: `token.claim-invalid`.
 */
export function claimIsAStringIfPresent(claim: string): Rule {
  return optional(claimHasShape(claim, 'a string, where present', isString), claim);
}

/**
 * The claim, where present, is a list of strings.
 *
 * Error: `token.claim-invalid`.
 */
export function claimIsAListIfPresent(claim: string): Rule {
  return optional(claimHasShape(claim, 'a list of strings, where present', isListOf(isString)), claim);
}

function claimHasShape(claim: string, shape: string, hasShape: (value: unknown) => boolean): Rule {
  return {
    guarantees: `${claim} is ${shape}`,
    spec: 'RFC 9068 section 2.2; RFC 7519 section 4',
    check: ({ claims }) => {
      const value = claims[claim];
      if (value === undefined || value === null || value === '')
        return reject('token.claim-invalid', 'missing', claim);
      return hasShape(value) ? satisfied : reject('token.claim-invalid', 'malformed', claim);
    },
  };
}

function optional(rule: Rule, claim: string): Rule {
  const check: Rule['check'] = (token, expected) =>
    token.claims[claim] === undefined || token.claims[claim] === '' ? satisfied : rule.check(token, expected);
  return { ...rule, check };
}
