import { AssayError } from '../assay-error.js';
import { SetupError } from '../setup-error.js';
import type { Requirement } from './requirement.js';

/**
 * The token names this audience, one of those that the resource server answers to.
 *
 * Error: `token.audience-mismatch`.  Throws: `SetupError` for an empty identifier.
 * Spec: RFC 9068 section 4; RFC 9700 section 2.3.
 */
export function audience(member: string): Requirement {
  if (typeof member !== 'string' || member === '') {
    throw new SetupError({
      option: 'audience',
      problem: 'the required audience is empty',
      remedy: 'Name one of the audiences that the resource server was made with.',
    });
  }
  return {
    description: `audience ${member}`,
    audience: member,
    check: (principal) =>
      principal.audience.includes(member)
        ? undefined
        : new AssayError('token.audience-mismatch', { claim: 'aud', reason: 'mismatch' }),
  };
}
