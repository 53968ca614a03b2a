import { SetupError } from '../setup-error.js';
import type { Stores } from './in-memory-stores.js';
import type { SingleUseStore } from './single-use-store.js';

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
