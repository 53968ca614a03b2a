import { systemClock, type Clock } from '../clock.js';
import { SetupError } from '../setup-error.js';
import type { SingleUseStore } from './single-use-store.js';

/** The stores of one process. */
export interface Stores {
  readonly singleUse: SingleUseStore;
}

/** The limits of the stores of one process. */
export interface InMemoryStoresOptions {
  /** How many live entries are held. A full store refuses and never evicts a live one. Default 100000. */
  readonly maximumEntries?: number;
  readonly clock?: Clock;
}

const defaultMaximumEntries = 100_000;

/**
 * Stores in the memory of this process, for one instance, for development and for tests.
 *
 * Throws: `SetupError`.
 */
export function inMemoryStores(options: InMemoryStoresOptions = {}): Stores {
  const { maximumEntries = defaultMaximumEntries, clock = systemClock } = options;
  if (!Number.isInteger(maximumEntries) || maximumEntries < 1) {
    throw new SetupError({
      option: 'maximumEntries',
      problem: 'it is not a positive integer',
      remedy: 'Give the number of live entries to hold, or leave it at 100000.',
    });
  }
  return { singleUse: inMemorySingleUseStore(maximumEntries, clock) };
}

function inMemorySingleUseStore(maximumEntries: number, clock: Clock): SingleUseStore {
  const expiryByKey = new Map<string, number>();

  function forgetExpired(nowSeconds: number): void {
    for (const [key, expiresAt] of expiryByKey) if (expiresAt <= nowSeconds) expiryByKey.delete(key);
  }

  return {
    reserve({ purpose, scope, id, expiresAt }) {
      // JSON keeps the members of the tuple apart: ("ab", "c") is never ("a", "bc").
      const key = JSON.stringify([purpose, scope, id]);
      const nowSeconds = clock.nowMs() / 1000;
      if ((expiryByKey.get(key) ?? -Infinity) > nowSeconds) return Promise.resolve('replayed');
      if (expiryByKey.size >= maximumEntries) forgetExpired(nowSeconds);
      if (expiryByKey.size >= maximumEntries)
        return Promise.reject(new Error('the single-use store is full'));
      expiryByKey.set(key, expiresAt);
      return Promise.resolve('reserved');
    },
  };
}
