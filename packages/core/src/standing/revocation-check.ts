import { AssayError } from '../assay-error.js';
import { withDeadline } from '../keys/with-deadline.js';
import { isNonEmptyString, isNumericDate } from '../rules/shapes.js';
import type { RevocationQuery, RevocationStore } from './revocation-store.js';
import type { StandingCheck, StandingSubject } from './standing-check.js';

/** How long a store may take to answer. Units: milliseconds. */
const timeoutMs = 5000;

/**
 * Asks a store whether a token was revoked. Only the word `false` lets it pass.
 *
 * Error: `token.revoked`; `service.revocations-unavailable` when the store fails, takes longer than 5 seconds or
 * answers anything else.
 * Spec: RFC 7009 section 2; RFC 6750 section 3.1.
 */
export function revocationCheck(store: RevocationStore): StandingCheck {
  return {
    guarantees: 'nobody has revoked the token',
    spec: 'RFC 6750 section 3.1',
    async check(token) {
      const answer = await ask(store, queryOf(token));
      if (answer === true) throw new AssayError('token.revoked', { reason: 'mismatch' });
      if (answer !== false) throw new AssayError('service.revocations-unavailable');
    },
  };
}

async function ask(store: RevocationStore, query: RevocationQuery): Promise<unknown> {
  try {
    return await withDeadline<unknown>(timeoutMs, async () => store.isRevoked(query));
  } catch (cause) {
    throw new AssayError('service.revocations-unavailable', { cause });
  }
}

function queryOf({ issuer, subject, clientId, tokenId, claims }: StandingSubject): RevocationQuery {
  const { sid, iat } = claims;
  return {
    issuer,
    tokenId: presentOf(tokenId),
    subject: presentOf(subject),
    sessionId: presentOf(sid),
    clientId: presentOf(clientId),
    issuedAt: isNumericDate(iat) ? iat : undefined,
  };
}

function presentOf(value: unknown): string | undefined {
  return isNonEmptyString(value) ? value : undefined;
}
