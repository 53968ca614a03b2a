import { AssayError } from '../assay-error.js';
import type { Reservation, SingleUseStore } from '../stores/single-use-store.js';

/**
 * Uses a grant up. To be called when nothing else can refuse the request any more.
 *
 * Error: `grant.replayed`, `service.single-use-store-unavailable`.
 */
export async function reserveGrant(store: SingleUseStore, reservation: Reservation): Promise<void> {
  const answer: unknown = await reserve(store, reservation);
  if (answer === 'replayed') throw new AssayError('grant.replayed', { claim: 'jti', reason: 'mismatch' });
  // Anything but the one good answer refuses.
  if (answer !== 'reserved') throw new AssayError('service.single-use-store-unavailable');
}

async function reserve(store: SingleUseStore, reservation: Reservation): Promise<unknown> {
  try {
    return await store.reserve(reservation);
  } catch (cause) {
    throw new AssayError('service.single-use-store-unavailable', { cause });
  }
}
