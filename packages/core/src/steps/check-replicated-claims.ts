import { AssayError } from '../assay-error.js';
import type { JoseHeader, VerifiedToken } from '../evidence.js';

const replicable = ['iss', 'sub', 'aud'] as const;

/**
 * The claims that an encrypted token repeats in its header, for whoever routes it, are those of the signed token.
 *
 * Error: `token.replica-mismatch`.
 * Spec: RFC 7519 section 5.3.
 */
export function checkReplicatedClaims(envelope: JoseHeader, { claims }: VerifiedToken): void {
  for (const claim of replicable) {
    if (!Object.hasOwn(envelope, claim)) continue;
    if (JSON.stringify(envelope[claim]) !== JSON.stringify(claims[claim])) {
      throw new AssayError('token.replica-mismatch', { claim, reason: 'mismatch' });
    }
  }
}
