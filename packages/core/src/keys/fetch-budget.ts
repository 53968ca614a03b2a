/**
 * How often strangers may make us fetch: a token bucket. An unknown `kid` costs nothing to invent, so fetches on
 * its account are few and apart.
 */
export interface FetchBudget {
  /** Takes one fetch out of the budget; false when there is none left. */
  readonly take: (nowMs: number) => boolean;
}

/** A budget of `perMinute` fetches, at least `spacingMs` apart, full at the beginning. */
export function fetchBudget({ perMinute, spacingMs }: { perMinute: number; spacingMs: number }): FetchBudget {
  let tokens = perMinute;
  let filledAtMs = -Infinity;
  let takenAtMs = -Infinity;
  return {
    take(nowMs) {
      const minutes = (nowMs - filledAtMs) / 60_000;
      tokens = Math.min(perMinute, tokens + Math.max(0, minutes) * perMinute);
      filledAtMs = nowMs;
      if (tokens < 1 || nowMs - takenAtMs < spacingMs) return false;
      tokens -= 1;
      takenAtMs = nowMs;
      return true;
    },
  };
}
