import { hash } from 'node:crypto';
import type { SingleUseStore } from '../stores/single-use-store.js';
import { useUp } from '../stores/use-up.js';
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
  const reservation = {
    purpose: 'dpop-proof',
    scope: [thumbprint],
    id: digestOf(JSON.stringify([htu, jti])),
    // The instant at which the proof is refused for its age belongs to its life.
    expiresAt: (iat as number) + proofLifetimeSeconds + leewaySeconds + 1,
  };
  await useUp(store, reservation, 'proof.replayed');
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
