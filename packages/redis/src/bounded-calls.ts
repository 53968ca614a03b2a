import { RedisStoreError } from './redis-store-error.js';

/** Runs tasks that end in time, whatever becomes of them. */
export type BoundedCalls = <Result>(task: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;

/**
 * Calls that end within the timeout, and of which only so many wait at once: a Redis that is down must not fill this
 * process with commands that wait for it.
 *
 * A task that is out of time counts as waiting until its client gives it up. The timer keeps no process alive.
 *
 * Error: `RedisStoreError` `timeout`, `busy`, and whatever the task rejects with.
 */
export function boundedCalls({
  timeoutMs,
  maximumWaiting,
}: {
  readonly timeoutMs: number;
  readonly maximumWaiting: number;
}): BoundedCalls {
  let waiting = 0;

  async function counted<Result>(task: () => Promise<Result>): Promise<Result> {
    waiting += 1;
    try {
      return await task();
    } finally {
      waiting -= 1;
    }
  }

  return async (task) => {
    if (waiting >= maximumWaiting) throw new RedisStoreError('busy');
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const outOfTime = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RedisStoreError('timeout'));
        controller.abort();
      }, timeoutMs);
      timer.unref();
    });
    try {
      return await Promise.race([counted(() => task(controller.signal)), outOfTime]);
    } finally {
      clearTimeout(timer);
    }
  };
}
