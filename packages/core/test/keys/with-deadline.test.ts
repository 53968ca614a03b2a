import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DeadlineExceeded, withDeadline } from '../../src/keys/with-deadline.js';

describe('withDeadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A task that never ends by itself, and the signal that it was given. */
  function endless() {
    const given: { signal?: AbortSignal } = {};
    const task = (signal: AbortSignal) => {
      given.signal = signal;
      return new Promise<never>(() => undefined);
    };
    return { given, task };
  }

  it('is what the task resolves to, and leaves no timer', async () => {
    await expect(withDeadline(5000, () => Promise.resolve('done'))).resolves.toBe('done');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is what the task rejects with, and leaves no timer', async () => {
    const failure = new Error('failed');
    await expect(withDeadline(5000, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects at the deadline and not a millisecond before, even if the task ignores its signal', async () => {
    const { given, task } = endless();
    let outcome: unknown = 'pending';
    const settled = withDeadline(5000, task).catch((error: unknown) => (outcome = error));
    await jest.advanceTimersByTimeAsync(4999);
    expect(outcome).toBe('pending');
    expect(given.signal?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await settled;
    expect(outcome).toBeInstanceOf(DeadlineExceeded);
    expect(given.signal?.aborted).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes no notice of a task that fails after the deadline', async () => {
    let failLate: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_, reject) => (failLate = reject));
    const settled = withDeadline(10, () => late).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(10);
    expect(await settled).toBeInstanceOf(DeadlineExceeded);
    failLate(new Error('late'));
    await expect(late).rejects.toThrow('late');
  });

  it('keeps no process alive', async () => {
    jest.useRealTimers();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { task } = endless();
    const pending = withDeadline(20, task);
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
    await expect(pending).rejects.toBeInstanceOf(DeadlineExceeded);
  });
});
