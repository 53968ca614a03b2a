/** A task did not end in time. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/**
 * What the task resolves to, if it does so in time. Otherwise the task's signal is aborted and it is not waited
 * for any longer, so that a task that ignores its signal holds nobody up.
 *
 * The timer is cleared with the task's end and keeps no process alive.
 *
 * Units: milliseconds.
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  task: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const exceeded = new DeadlineExceeded('no answer in time');
      reject(exceeded);
      controller.abort(exceeded);
    }, timeoutMs);
    timer.unref();
  });
  try {
    return await Promise.race([task(controller.signal), expiry]);
  } finally {
    clearTimeout(timer);
  }
}
