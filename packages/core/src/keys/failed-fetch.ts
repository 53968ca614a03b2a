/** The last fetch failed: what with, and when the next one may start. */
export interface FailedFetch {
  readonly error: Error;
  readonly backOffMs: number;
  readonly failedAtMs: number;
  readonly retryAtMs: number;
}

/** The shortest wait after a failed fetch. Units: milliseconds. */
export const shortestBackOffMs = 1000;

/** The longest wait after a failed fetch. Units: milliseconds. */
export const longestBackOffMs = 60_000;

/** A failed fetch; each one in a row is waited for twice as long as the one before. */
export function failedFetch(cause: unknown, nowMs: number, before: FailedFetch | undefined): FailedFetch {
  const backOffMs =
    before === undefined ? shortestBackOffMs : Math.min(longestBackOffMs, before.backOffMs * 2);
  const error = cause instanceof Error ? cause : new Error('the keys could not be had', { cause });
  return { error, backOffMs, failedAtMs: nowMs, retryAtMs: nowMs + backOffMs };
}

/** Whether the wait after a failure is not over. A clock that was set back before the failure ends it. */
export function isBackingOff(failure: FailedFetch | undefined, nowMs: number): failure is FailedFetch {
  return failure !== undefined && nowMs >= failure.failedAtMs && nowMs < failure.retryAtMs;
}

/** Whether a failure is so recent that the outage most likely goes on. */
export function isRecent(failure: FailedFetch | undefined, nowMs: number): boolean {
  return failure !== undefined && Math.abs(nowMs - failure.retryAtMs) < longestBackOffMs;
}

/** After how many whole seconds a retry makes sense: at least one, and no more than the wait that was meant. */
export function retryAfterSecondsOf(failure: FailedFetch | undefined, nowMs: number): number {
  if (failure === undefined) return 1;
  const waitMs = Math.min(failure.backOffMs, failure.retryAtMs - nowMs);
  return Math.max(1, Math.ceil(waitMs / 1000));
}
