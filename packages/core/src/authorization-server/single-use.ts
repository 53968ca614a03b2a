import { AssayError } from '../assay-error.js';
import { SetupError } from '../setup-error.js';
import type { Stores } from '../stores/in-memory-stores.js';
import type { Reservation, SingleUseStore } from '../stores/single-use-store.js';

/**
 * The single-use store of the `stores` option. It has no default: what one process remembers is not enough for two.
 *
 * Throws: `SetupError`.
 */
export function singleUseStoreFrom(stores: Pick<Stores, 'singleUse'>): SingleUseStore {
  const store = (stores as Partial<Stores> | undefined)?.singleUse;
  if (typeof store?.reserve === 'function') return store;
  throw new SetupError({
    option: 'stores',
    problem: 'nothing is configured that remembers what may be used once',
    remedy: 'Give inMemoryStores() for a single instance, or stores that all instances share.',
  });
}

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
