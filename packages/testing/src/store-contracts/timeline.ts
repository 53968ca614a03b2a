import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, type Clock } from '@assay/core';
import { fixedClock } from '../fixed-clock.js';
import type { StoreContractOptions } from './store-under-test.js';

/** The time that a test goes by: one that it moves, or one that it waits for. Units: seconds since the epoch. */
export interface Timeline {
  readonly clock: Clock;
  readonly nowSeconds: () => number;
  /** Resolves when it is that time. */
  readonly until: (seconds: number) => Promise<void>;
  /** A lifetime that a test can see the end of. */
  readonly shortLifeSeconds: number;
  /** How close before an expiry a test can ask. */
  readonly justBeforeSeconds: number;
  /** How long after its expiry an entry is gone at the latest. */
  readonly remembersLongerSeconds: number;
}

/** A lifetime that no test sees the end of. */
export const longLifeSeconds = 3600;

/** A clock that stands still, unless the store goes by real time. */
export function timelineFor({ realTime = false, remembersLongerSeconds }: StoreContractOptions): Timeline {
  return realTime ? realTimeline(remembersLongerSeconds ?? 1) : fixedTimeline(remembersLongerSeconds ?? 0);
}

function fixedTimeline(remembersLongerSeconds: number): Timeline {
  const clock = fixedClock();
  return {
    clock,
    nowSeconds: clock.nowSeconds,
    until(seconds) {
      clock.advanceSeconds(seconds - clock.nowSeconds());
      return Promise.resolve();
    },
    shortLifeSeconds: 60,
    justBeforeSeconds: 0.001,
    remembersLongerSeconds,
  };
}

function realTimeline(remembersLongerSeconds: number): Timeline {
  const nowSeconds = () => systemClock.nowMs() / 1000;
  return {
    clock: systemClock,
    nowSeconds,
    async until(seconds) {
      while (nowSeconds() < seconds) await pause(Math.ceil((seconds - nowSeconds()) * 1000));
    },
    shortLifeSeconds: 1,
    justBeforeSeconds: 0.2,
    // A timer of one machine and an expiry of another never meet to the millisecond.
    remembersLongerSeconds: remembersLongerSeconds + 0.1,
  };
}
