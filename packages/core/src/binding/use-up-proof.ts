import { createHash } from 'node:crypto';
import { AssayError } from '../assay-error.js';
import type { SingleUseStore } from '../stores/single-use-store.js';
import type { DpopProof } from './verify-dpop-proof.js';

/** How long a proof would be accepted, were it not used up. */
export interface ProofWindow {
  readonly proofLifetimeSeconds: number;
  readonly leewaySeconds: number;
}

/**
 * Uses a proof up. To be called when nothing else can refuse the request any more.
 *
 * Identifiers are the clients' own choice, so they count per key and target, and the store sees digests of one size. The
 * key alone is the owner: its holder chooses the targets too, and could otherwise take one share after the other.
 *
 * Error: `proof.replayed`; `service.single-use-store-unavailable` where that cannot be told.
 * Spec: RFC 9449 section 11.1.
 */
export async function useUpProof(
  store: SingleUseStore,
  { claims: { jti, htu, iat }, thumbprint }: DpopProof,
  { proofLifetimeSeconds, leewaySeconds }: ProofWindow,
): Promise<void> {
  const answer: unknown = await reserve(store, {
    purpose: 'dpop-proof',
    scope: [thumbprint],
    id: digestOf(JSON.stringify([htu, jti])),
    // The instant at which the proof is refused for its age belongs to its life.
    expiresAt: (iat as number) + proofLifetimeSeconds + leewaySeconds + 1,
  });
  if (answer === 'replayed') throw new AssayError('proof.replayed', { claim: 'jti', reason: 'mismatch' });
  // Anything but the one good answer refuses.
  if (answer !== 'reserved') throw new AssayError('service.single-use-store-unavailable');
}

async function reserve(
  store: SingleUseStore,
  reservation: Parameters<SingleUseStore['reserve']>[0],
): Promise<unknown> {
  try {
    return await store.reserve(reservation);
  } catch (cause) {
    throw new AssayError('service.single-use-store-unavailable', { cause });
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
