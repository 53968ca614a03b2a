import { knownOptionsOnly, SetupError } from '@assay/core';
import type { RedisStoresOptions } from './redis-stores.js';

/** The options, judged and completed. */
export interface RedisStoresSettings {
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  readonly maximumEntriesPerOwner: number;
  readonly maximumRecordsPerOwner: number;
  readonly maximumRecordBytes: number;
  readonly clockDifferenceMs: number;
  readonly checkEvictionPolicy: boolean;
}

const optionNames = [
  'keyPrefix',
  'timeoutMs',
  'maximumEntriesPerOwner',
  'maximumRecordsPerOwner',
  'maximumRecordBytes',
  'maximumClockDifferenceSeconds',
  'checkEvictionPolicy',
  'clock',
] as const satisfies (keyof RedisStoresOptions)[];

/**
 * The settings that options stand for.
 *
 * Throws: `SetupError`.
 */
export function settingsFrom(options: RedisStoresOptions): RedisStoresSettings {
  knownOptionsOnly(options, optionNames);
  const wholeNumber = (name: NumberOption, fallback: number, [least, most]: readonly [number, number]) =>
    wholeNumberFrom(options[name] ?? fallback, name, least, most);
  const maximumCount = 1_000_000_000;
  return {
    keyPrefix: keyPrefixFrom(options.keyPrefix ?? 'assay:'),
    timeoutMs: wholeNumber('timeoutMs', 2000, [1, 60_000]),
    maximumEntriesPerOwner: wholeNumber('maximumEntriesPerOwner', 100_000, [1, maximumCount]),
    maximumRecordsPerOwner: wholeNumber('maximumRecordsPerOwner', 1000, [1, maximumCount]),
    maximumRecordBytes: wholeNumber('maximumRecordBytes', 65_536, [1, maximumCount]),
    clockDifferenceMs: wholeNumber('maximumClockDifferenceSeconds', 60, [0, 3600]) * 1000,
    checkEvictionPolicy: checkEvictionPolicyFrom(options.checkEvictionPolicy ?? true),
  };
}

type NumberOption =
  | 'timeoutMs'
  | 'maximumEntriesPerOwner'
  | 'maximumRecordsPerOwner'
  | 'maximumRecordBytes'
  | 'maximumClockDifferenceSeconds';

function wholeNumberFrom(value: number, option: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SetupError({
    option,
    problem: `it is not a whole number from ${String(least)} to ${String(most)}`,
    remedy: 'Give such a number, or leave the option out.',
  });
}

/** Braces would change what Cluster keeps together. */
function keyPrefixFrom(keyPrefix: string): string {
  if (typeof keyPrefix === 'string' && /^[\w:./-]{1,100}$/.test(keyPrefix)) return keyPrefix;
  throw new SetupError({
    option: 'keyPrefix',
    problem: 'it is not a text of 1 to 100 letters, digits and the characters :._/-',
    remedy: 'Give such a text, for instance shop:assay:, or leave the option out.',
  });
}

function checkEvictionPolicyFrom(value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new SetupError({
    option: 'checkEvictionPolicy',
    problem: 'it is neither true nor false',
    remedy: 'Leave it out, so that Redis is asked; false where Redis does not answer INFO.',
  });
}
