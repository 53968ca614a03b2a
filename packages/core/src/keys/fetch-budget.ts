/**
 * How often strangers may make us fetch: a token bucket. An unknown `kid` costs nothing to invent, so fetches on
 * its account are few and apart.
 */
export interface FetchBudget {
  /** Takes one fetch out of the budget; false when there is none left. */
  readonly take: (nowMs: number) => boolean;
}

const minuteMs = 60_000;

/** A budget of `perMinute` fetches, at least `spacingMs` apart, full at the beginning. */
export function fetchBudget({ perMinute, spacingMs }: { perMinute: number; spacingMs: number }): FetchBudget {
  // Two times in whole milliseconds say it all, and no fraction of a fetch is ever added up.
  const refillMs = Math.floor(minuteMs / perMinute);
  let fullAtMs = -Infinity;
  let takenAtMs = -Infinity;
  return {
    take(exactNowMs) {
      const nowMs = Math.floor(exactNowMs);
      // A clock that was set back must not lock the bucket.
      fullAtMs = Math.min(fullAtMs, nowMs + minuteMs);
      takenAtMs = Math.min(takenAtMs, nowMs);
      const fullAfterwardsMs = Math.max(fullAtMs, nowMs) + refillMs;
      if (fullAfterwardsMs - nowMs > minuteMs || nowMs - takenAtMs < spacingMs) return false;
      fullAtMs = fullAfterwardsMs;
      takenAtMs = nowMs;
      return true;
    },
  };
}
