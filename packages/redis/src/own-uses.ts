import type { Clock } from '@assay/core';

/** What this instance itself has let in. */
export interface OwnUses {
  /** Whether this instance lets the thing in for the first time; from then on it does not. */
  readonly isFirst: (thing: string, expiresAt: number) => boolean;
}

const maximumThings = 100_000;

/**
 * The second line behind Redis: an instance never lets a thing in twice, even when Redis comes back without what it knew.
 * Of more things than it has room for, it remembers the latest.
 *
 * Units: `expiresAt` in seconds since the epoch.
 */
export function ownUses(clock: Clock): OwnUses {
  const expiryByThing = new Map<string, number>();
  return {
    isFirst(thing, expiresAt) {
      if ((expiryByThing.get(thing) ?? -Infinity) > clock.nowMs() / 1000) return false;
      expiryByThing.delete(thing);
      expiryByThing.set(thing, expiresAt);
      const [oldest] = expiryByThing.keys();
      if (expiryByThing.size > maximumThings && oldest !== undefined) expiryByThing.delete(oldest);
      return true;
    },
  };
}
