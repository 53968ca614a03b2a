import { AssayError } from '../assay-error.js';
import { SetupError } from '../setup-error.js';
import type { Requirement } from './requirement.js';

/**
 * The subject is a user, or is a client that acts for itself. A subject of which the token does not tell is neither.
 *
 * Error: `permission.subject-kind-refused`.  Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 4.15; RFC 9068 section 5.
 */
export function subjectKind(expected: 'user' | 'client'): Requirement {
  if (!['user', 'client'].includes(expected)) {
    throw new SetupError({
      option: 'subjectKind',
      problem: 'there is no such kind of subject',
      remedy: "Use 'user' or 'client'.",
    });
  }
  return {
    description: `subject is a ${expected}`,
    check: (principal) =>
      principal.subjectKind === expected
        ? undefined
        : new AssayError('permission.subject-kind-refused', { claim: 'sub', reason: 'mismatch' }),
  };
}
