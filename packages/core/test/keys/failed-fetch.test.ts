import { describe, expect, it } from '@jest/globals';
import {
  failedFetch,
  isBackingOff,
  isRecent,
  retryAfterSecondsOf,
  type FailedFetch,
} from '../../src/keys/failed-fetch.js';

describe('failedFetch', () => {
  const now = 1_800_000_000_000;
  const error = new Error('no answer');

  it('waits a second after the first failure and twice as long after each further one, up to a minute', () => {
    const waits: number[] = [];
    let failure: FailedFetch | undefined;
    for (let count = 0; count < 9; count++) {
      failure = failedFetch(error, now, failure);
      waits.push(failure.backOffMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it('keeps the error, and makes one of anything else that was thrown', () => {
    expect(failedFetch(error, now, undefined).error).toBe(error);
    const made = failedFetch('a text', now, undefined).error;
    expect(made).toBeInstanceOf(Error);
    expect(made.message).toBe('the keys could not be had');
    expect(made.cause).toBe('a text');
  });

  it('backs off until the retry is due and not a millisecond longer', () => {
    const failure = failedFetch(error, now, undefined);
    expect(isBackingOff(failure, now)).toBe(true);
    expect(isBackingOff(failure, now + 999)).toBe(true);
    expect(isBackingOff(failure, now + 1000)).toBe(false);
    expect(isBackingOff(undefined, now)).toBe(false);
  });

  it('does not back off on a clock that was set back before the failure', () => {
    expect(isBackingOff(failedFetch(error, now, undefined), now - 1)).toBe(false);
  });

  it('is recent for a minute after the retry was due', () => {
    const failure = failedFetch(error, now, undefined);
    expect(isRecent(failure, now + 1000 + 59_999)).toBe(true);
    expect(isRecent(failure, now + 1000 + 60_000)).toBe(false);
    expect(isRecent(undefined, now)).toBe(false);
  });

  it('says in whole seconds when a retry makes sense: at least one, at most the wait that was meant', () => {
    const failure = failedFetch(error, now, failedFetch(error, now, undefined));
    expect(retryAfterSecondsOf(failure, now)).toBe(2);
    expect(retryAfterSecondsOf(failure, now + 999)).toBe(2);
    expect(retryAfterSecondsOf(failure, now + 1000)).toBe(1);
    expect(retryAfterSecondsOf(failure, now + 5000)).toBe(1);
    expect(retryAfterSecondsOf(failure, now - 3_600_000)).toBe(2);
    expect(retryAfterSecondsOf(undefined, now)).toBe(1);
  });
});
