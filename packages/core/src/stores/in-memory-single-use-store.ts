import type { Clock } from '../clock.js';
import type { Reservation, SingleUseStore } from './single-use-store.js';

/** How much a store of one process holds. */
export interface SingleUseLimits {
  readonly maximumEntries: number;
  readonly maximumEntriesPerOwner: number;
}

/**
 * A single-use store in the memory of this process. Each owner, that is each purpose and scope, has a share: whoever
 * uses it up is refused and nobody else.
 *
 * Error: `reserve` rejects when the store or the owner's share is full, or when `expiresAt` is not a time.
 */
export function inMemorySingleUseStore(limits: SingleUseLimits, clock: Clock): SingleUseStore {
  const expiryByIdByOwner = new Map<string, Map<string, number>>();
  let entries = 0;
  let earliestExpiry = Infinity;

  function isFull(owner: string): boolean {
    const share = expiryByIdByOwner.get(owner)?.size ?? 0;
    return entries >= limits.maximumEntries || share >= limits.maximumEntriesPerOwner;
  }

  function forgetExpired(nowSeconds: number): void {
    // A store full of live entries is looked through once, not by every request that it refuses.
    if (nowSeconds < earliestExpiry) return;
    earliestExpiry = Infinity;
    for (const [owner, expiryById] of expiryByIdByOwner) {
      for (const [id, expiresAt] of expiryById) {
        if (expiresAt > nowSeconds) earliestExpiry = Math.min(earliestExpiry, expiresAt);
        else if (expiryById.delete(id)) entries -= 1;
      }
      if (expiryById.size === 0) expiryByIdByOwner.delete(owner);
    }
  }

  function remember(owner: string, id: string, expiresAt: number): void {
    const expiryById = expiryByIdByOwner.get(owner) ?? new Map<string, number>();
    if (!expiryById.has(id)) entries += 1;
    expiryById.set(id, expiresAt);
    expiryByIdByOwner.set(owner, expiryById);
    earliestExpiry = Math.min(earliestExpiry, expiresAt);
  }

  function reserve({ purpose, scope, id, expiresAt }: Reservation): 'reserved' | 'replayed' {
    if (!Number.isFinite(expiresAt)) throw new RangeError('expiresAt is not a time');
    // JSON keeps the members of the tuple apart: ("ab", "c") is never ("a", "bc").
    const owner = JSON.stringify([purpose, scope]);
    const nowSeconds = clock.nowMs() / 1000;
    if ((expiryByIdByOwner.get(owner)?.get(id) ?? -Infinity) > nowSeconds) return 'replayed';
    if (isFull(owner)) forgetExpired(nowSeconds);
    if (isFull(owner)) throw new Error('the single-use store is full');
    remember(owner, id, expiresAt);
    return 'reserved';
  }

  return { reserve: (reservation) => Promise.resolve().then(() => reserve(reservation)) };
}
