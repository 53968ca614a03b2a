import { AssayError } from '../assay-error.js';
import { SetupError } from '../setup-error.js';
import { sessionOwnerOf } from '../streams/session-owner.js';
import type { Requirement } from './requirement.js';

/** Whose session a request names, as `sessionOwnerOf` said when it began; `undefined` for a session that nobody knows. */
export type SessionOwnerLookup<FrameworkRequest = unknown> = (
  request: FrameworkRequest,
) => string | undefined | Promise<string | undefined>;

/**
 * The session that the request names belongs to this principal: not to another user, nor to another client.
 *
 * Error: `permission.session-refused`, also for a session that nobody knows; `service.failed` when the look-up throws.
 * Throws: `SetupError` for what is no function.
 * Spec: RFC 8725 section 3.8.
 */
export function sessionOwner<FrameworkRequest = unknown>(
  ownerOf: SessionOwnerLookup<FrameworkRequest>,
): Requirement {
  if (typeof (ownerOf as unknown) !== 'function') {
    throw new SetupError({
      option: 'sessionOwner',
      problem: 'it is not a function',
      remedy:
        'Give a function of the request that returns what sessionOwnerOf(principal) said when the session began.',
    });
  }
  return {
    description: 'the session belongs to the principal',
    async check(principal, { request }) {
      const owner: unknown = await ownerOf(request as FrameworkRequest);
      return owner === sessionOwnerOf(principal)
        ? undefined
        : new AssayError('permission.session-refused', {
            reason: owner === undefined ? 'missing' : 'mismatch',
          });
    },
  };
}
