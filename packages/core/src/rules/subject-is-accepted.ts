import { reject, satisfied, type Rule } from './rule.js';
import { isNonEmptyString } from './shapes.js';

/**
 * The subject is one that the configuration accepts from this issuer; without such a setting every subject is. Only
 * `true` accepts: a promise, for instance, does not.
 *
 * Error: `token.subject-refused`.
 * Spec: RFC 7523 section 3; RFC 8725 section 3.8.
 */
export const subjectIsAccepted: Rule = {
  guarantees: 'sub is a subject that is accepted from this issuer',
  spec: 'RFC 7523 section 3; RFC 8725 section 3.8',
  check: ({ claims: { sub } }, { acceptsSubject }) => {
    if (acceptsSubject === undefined) return satisfied;
    return isNonEmptyString(sub) && (acceptsSubject(sub) as unknown) === true
      ? satisfied
      : reject('token.subject-refused', 'mismatch', 'sub');
  },
};
