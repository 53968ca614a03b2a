import type { Clock } from '@assay/core';

/** A clock that stands still until a test moves it. */
export interface FixedClock extends Clock {
  /** The time that the clock shows. Units: seconds since the epoch. */
  readonly nowSeconds: () => number;
  /** Moves the clock on, or back with a negative number. Units: seconds, fractions allowed. */
  readonly advanceSeconds: (seconds: number) => void;
}

/**
 * A clock that stands still.
 *
 * Units: seconds since the epoch. Default: the second in which it is made.
 */
export function fixedClock(startSeconds: number = Math.floor(Date.now() / 1000)): FixedClock {
  let nowMs = startSeconds * 1000;
  return {
    nowMs: () => nowMs,
    nowSeconds: () => nowMs / 1000,
    advanceSeconds(seconds) {
      nowMs += seconds * 1000;
    },
  };
}
