import type { Clock } from '../clock.js';

/** How much a store of one process holds. */
export interface EntryLimits {
  readonly maximumEntries: number;
  readonly maximumEntriesPerOwner: number;
}

/** Whose entry, and which. */
export interface EntryKey {
  readonly purpose: string;
  readonly scope: readonly string[];
  readonly id: string;
}

/** Entries with an owner and an expiry, of which there are never more than the limits say. */
export interface BoundedEntries<Value> {
  /** The value of a live entry. */
  readonly get: (key: EntryKey) => Value | undefined;
  /** Keeps a value. Throws when the owner's share or all of it is taken by live entries, or `expiresAt` is not a time. */
  readonly set: (key: EntryKey, value: Value, expiresAt: number) => void;
  readonly delete: (key: EntryKey) => void;
}

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAt: number;
}

const sweepIntervalSeconds = 60;

/**
 * Bounded entries in the memory of this process. Each owner, that is each purpose and scope, has a share: whoever uses
 * it up is refused and nobody else. No live entry makes room for another.
 *
 * Units: `expiresAt` in seconds since the epoch.
 */
export function boundedEntries<Value>(
  storeName: string,
  limits: EntryLimits,
  clock: Clock,
): BoundedEntries<Value> {
  const entriesByOwner = new Map<string, Map<string, Entry<Value>>>();
  let count = 0;
  let earliestExpiry = Infinity;
  let nextSweep = -Infinity;

  const nowSeconds = () => clock.nowMs() / 1000;

  function liveEntry(owner: string, id: string): Entry<Value> | undefined {
    const entry = entriesByOwner.get(owner)?.get(id);
    return entry !== undefined && entry.expiresAt > nowSeconds() ? entry : undefined;
  }

  function isFull(owner: string): boolean {
    const share = entriesByOwner.get(owner)?.size ?? 0;
    return count >= limits.maximumEntries || share >= limits.maximumEntriesPerOwner;
  }

  function makeRoomFor(owner: string): void {
    if (isFull(owner) || nowSeconds() >= nextSweep) forgetExpired();
    if (isFull(owner)) throw new Error(`the ${storeName} is full`);
  }

  function forgetExpired(): void {
    const now = nowSeconds();
    // A store full of live entries is looked through once, not by every request that it refuses.
    if (now < earliestExpiry) return;
    nextSweep = now + sweepIntervalSeconds;
    earliestExpiry = Infinity;
    for (const [owner, entries] of entriesByOwner) {
      for (const [id, { expiresAt }] of entries) {
        if (expiresAt > now) earliestExpiry = Math.min(earliestExpiry, expiresAt);
        else if (entries.delete(id)) count -= 1;
      }
      if (entries.size === 0) entriesByOwner.delete(owner);
    }
  }

  return {
    get: (key) => liveEntry(ownerOf(key), key.id)?.value,
    set(key, value, expiresAt) {
      if (!Number.isFinite(expiresAt)) throw new RangeError('expiresAt is not a time');
      const owner = ownerOf(key);
      if (liveEntry(owner, key.id) === undefined) makeRoomFor(owner);
      const entries = entriesByOwner.get(owner) ?? new Map<string, Entry<Value>>();
      if (!entries.has(key.id)) count += 1;
      entries.set(key.id, { value, expiresAt });
      entriesByOwner.set(owner, entries);
      earliestExpiry = Math.min(earliestExpiry, expiresAt);
    },
    delete(key) {
      const owner = ownerOf(key);
      const entries = entriesByOwner.get(owner);
      if (entries?.delete(key.id) === true) count -= 1;
      if (entries?.size === 0) entriesByOwner.delete(owner);
    },
  };
}

/** JSON keeps the members of the tuple apart: ("ab", "c") is never ("a", "bc"). */
function ownerOf({ purpose, scope }: EntryKey): string {
  return JSON.stringify([purpose, scope]);
}
