import { systemClock, type Clock } from '../clock.js';
import { SetupError } from '../setup-error.js';
import { inMemorySingleUseStore } from './in-memory-single-use-store.js';
import type { SingleUseStore } from './single-use-store.js';

/** The stores of one process. */
export interface Stores {
  readonly singleUse: SingleUseStore;
}

/** The limits of the stores of one process. */
export interface InMemoryStoresOptions {
  /** How many live entries are held. A full store refuses and never evicts a live one. Default 100000. */
  readonly maximumEntries?: number;
  /** How many of them one client or key may hold; more are refused to it alone. Default: a tenth. */
  readonly maximumEntriesPerOwner?: number;
  readonly clock?: Clock;
}

const defaultMaximumEntries = 100_000;

/**
 * Stores in the memory of this process, for one instance, for development and for tests.
 *
 * Throws: `SetupError`.
 */
export function inMemoryStores(options: InMemoryStoresOptions = {}): Stores {
  const maximumEntries = countFrom(options.maximumEntries ?? defaultMaximumEntries, 'maximumEntries');
  const maximumEntriesPerOwner = countFrom(
    options.maximumEntriesPerOwner ?? Math.ceil(maximumEntries / 10),
    'maximumEntriesPerOwner',
  );
  const clock = options.clock ?? systemClock;
  return { singleUse: inMemorySingleUseStore({ maximumEntries, maximumEntriesPerOwner }, clock) };
}

function countFrom(count: number, option: string): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new SetupError({
    option,
    problem: 'it is not a positive integer',
    remedy: 'Give the number of live entries to hold, or leave the option out.',
  });
}
