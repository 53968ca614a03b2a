import type { Reason } from '../assay-error.js';
import { reject, satisfied, type Rule } from './rule.js';
import { isListOf, isNonEmptyString, isNumericDate, isString } from './shapes.js';

/**
 * The claim is present and is a string with something in it.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9068 section 2.2; RFC 7519 sections 4.1.1, 4.1.2 and 4.1.7.
 */
export function claimIsPresent(claim: string): Rule {
  return claimRule(claim, 'present and a string', requiredShape(isNonEmptyString));
}

/**
 * The claim is present and is a time.
 *
 * Error: `token.claim-invalid`.
 * Spec: RFC 9068 section 2.2; RFC 7519 section 2.
 */
export function claimIsATime(claim: string): Rule {
  return claimRule(claim, 'present and a time', requiredShape(isNumericDate));
}

/**
 * The claim, where present, is a string, perhaps an empty one.
 *
 * Error: `token.claim-invalid`.
 */
export function claimIsAStringIfPresent(claim: string): Rule {
  return claimRule(claim, 'a string, where present', optionalShape(isString));
}

/**
 * The claim, where present, is a list of strings.
 *
 * Error: `token.claim-invalid`.
 */
export function claimIsAListIfPresent(claim: string): Rule {
  return claimRule(claim, 'a list of strings, where present', optionalShape(isListOf(isString)));
}

type ShapeCheck = (value: unknown) => Reason | undefined;

function requiredShape(hasShape: (value: unknown) => boolean): ShapeCheck {
  return (value) => {
    if (value === undefined || value === null || value === '') return 'missing';
    return hasShape(value) ? undefined : 'malformed';
  };
}

function optionalShape(hasShape: (value: unknown) => boolean): ShapeCheck {
  return (value) => (value === undefined || hasShape(value) ? undefined : 'malformed');
}

function claimRule(claim: string, shape: string, reasonAgainst: ShapeCheck): Rule {
  return {
    guarantees: `${claim} is ${shape}`,
    spec: 'RFC 9068 section 2.2; RFC 7519 section 4',
    check: ({ claims }) => {
      const reason = reasonAgainst(claims[claim]);
      return reason === undefined ? satisfied : reject('token.claim-invalid', reason, claim);
    },
  };
}
