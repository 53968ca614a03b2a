import type { Clock } from '../clock.js';
import { boundedEntries, type EntryLimits } from './bounded-entries.js';
import type { SingleUseStore } from './single-use-store.js';

/**
 * A single-use store in the memory of this process. Each owner, that is each purpose and scope, has a share: whoever
 * uses it up is refused and nobody else.
 *
 * Error: `reserve` rejects when the store or the owner's share is full, or when `expiresAt` is not a time.
 */
export function inMemorySingleUseStore(limits: EntryLimits, clock: Clock): SingleUseStore {
  const used = boundedEntries<true>('single-use store', limits, clock);
  return {
    // One synchronous step: nothing can come between the question and the entry.
    reserve: (reservation) =>
      Promise.resolve().then(() => {
        if (used.get(reservation) === true) return 'replayed';
        used.set(reservation, true, reservation.expiresAt);
        return 'reserved';
      }),
  };
}
