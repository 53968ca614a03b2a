import { systemClock, type Clock } from '../clock.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import { inMemoryRecordStore } from './in-memory-record-store.js';
import { inMemorySingleUseStore } from './in-memory-single-use-store.js';
import type { RecordStore } from './record-store.js';
import type { SingleUseStore } from './single-use-store.js';

/** What remembers: `inMemoryStores()` for one instance, or stores that instances share. */
export interface Stores {
  readonly singleUse: SingleUseStore;
  readonly records: RecordStore;
}

/** The limits of the stores of one process. */
export interface InMemoryStoresOptions {
  /** How many live entries are held. A full store refuses and never evicts a live one. Default 100000. */
  readonly maximumEntries?: number;
  /** How many of them one client or key may hold; more are refused to it alone. Default: a tenth. */
  readonly maximumEntriesPerOwner?: number;
  /** How many live records are held. Default 10000. */
  readonly maximumRecords?: number;
  /** How many of them one client may hold; more are refused to it alone. Default: a tenth. */
  readonly maximumRecordsPerOwner?: number;
  /** How long the JSON text of one record may be. Units: bytes. Default 65536. */
  readonly maximumRecordBytes?: number;
  readonly clock?: Clock;
}

/**
 * Stores in the memory of this process, for one instance, for development and for tests.
 *
 * Throws: `SetupError`.
 */
export function inMemoryStores(options: InMemoryStoresOptions = {}): Stores {
  knownOptionsOnly(options, optionNames);
  const { clock = systemClock } = options;
  const entries = limitsFrom(options, ['maximumEntries', 100_000], 'maximumEntriesPerOwner');
  const records = limitsFrom(options, ['maximumRecords', 10_000], 'maximumRecordsPerOwner');
  const maximumRecordBytes = countFrom(options.maximumRecordBytes ?? 65_536, 'maximumRecordBytes', 'bytes');
  return {
    singleUse: inMemorySingleUseStore(entries, clock),
    records: inMemoryRecordStore({ ...records, maximumRecordBytes }, clock),
  };
}

const optionNames = [
  'maximumEntries',
  'maximumEntriesPerOwner',
  'maximumRecords',
  'maximumRecordsPerOwner',
  'maximumRecordBytes',
  'clock',
] as const satisfies (keyof InMemoryStoresOptions)[];

function limitsFrom(
  options: InMemoryStoresOptions,
  [option, defaultCount]: [option: 'maximumEntries' | 'maximumRecords', defaultCount: number],
  shareOption: 'maximumEntriesPerOwner' | 'maximumRecordsPerOwner',
) {
  const noun = option === 'maximumEntries' ? 'live entries' : 'live records';
  const maximumEntries = countFrom(options[option] ?? defaultCount, option, noun);
  const share = options[shareOption] ?? Math.ceil(maximumEntries / 10);
  return { maximumEntries, maximumEntriesPerOwner: countFrom(share, shareOption, noun) };
}

function countFrom(count: number, option: string, noun: string): number {
  if (Number.isInteger(count) && count >= 1) return count;
  throw new SetupError({
    option,
    problem: 'it is not a positive integer',
    remedy: `Give the number of ${noun} to hold, or leave the option out.`,
  });
}
