import { describe, expect, it } from '@jest/globals';
import { fetchBudget } from '../../src/keys/fetch-budget.js';

describe('fetchBudget', () => {
  const start = 1_800_000_000_000;
  const sixAMinute = () => fetchBudget({ perMinute: 6, spacingMs: 1000 });

  /** Takes one whenever it is allowed, and gives the times at which it was. Units: milliseconds. */
  function takenOver(budget = sixAMinute(), { everyMs = 100, forMs = 60_000 } = {}): number[] {
    const taken: number[] = [];
    for (let at = 0; at < forMs; at += everyMs) if (budget.take(start + at)) taken.push(at);
    return taken;
  }

  it('gives one at once', () => {
    expect(sixAMinute().take(start)).toBe(true);
  });

  it('gives the next after the spacing and not a millisecond before', () => {
    const budget = sixAMinute();
    budget.take(start);
    expect(budget.take(start)).toBe(false);
    expect(budget.take(start + 999)).toBe(false);
    expect(budget.take(start + 1000)).toBe(true);
  });

  it('gives six, and then one in ten seconds, for ever', () => {
    const taken = takenOver(sixAMinute(), { forMs: 180_000 });
    const later = Array.from({ length: 17 }, (_, at) => 10_000 * (at + 1));
    expect(taken).toEqual([0, 1000, 2000, 3000, 4000, 5000, ...later]);
  });

  it('gives the seventh after ten seconds and not a millisecond before', () => {
    const budget = sixAMinute();
    takenOver(budget, { forMs: 5001 });
    expect(budget.take(start + 9999)).toBe(false);
    expect(budget.take(start + 10_000)).toBe(true);
    expect(budget.take(start + 19_999)).toBe(false);
    expect(budget.take(start + 20_000)).toBe(true);
  });

  it('is not drained by attempts that it refuses', () => {
    const budget = sixAMinute();
    takenOver(budget, { everyMs: 1, forMs: 10_000 });
    expect(budget.take(start + 10_000)).toBe(true);
  });

  it('is full again after a minute of rest, and never more than full', () => {
    const budget = sixAMinute();
    takenOver(budget, { forMs: 6000 });
    const rested = start + 3_600_000;
    const taken = Array.from({ length: 100 }, (_, at) => budget.take(rested + at * 1000)).filter(Boolean);
    // Six at once, and those that come back within the 100 seconds.
    expect(taken).toHaveLength(6 + 9);
  });

  it.each([1, 6, 7, 59, 60])(
    'gives %i in the first minute when so many are allowed, a second apart',
    (perMinute) => {
      const taken = takenOver(fetchBudget({ perMinute, spacingMs: 0 }), { everyMs: 1, forMs: 1 });
      expect(taken).toHaveLength(1);
      const burst = fetchBudget({ perMinute, spacingMs: 0 });
      const atOnce = Array.from({ length: 100 }, () => burst.take(start)).filter(Boolean);
      expect(atOnce).toHaveLength(perMinute);
    },
  );

  it('keeps to fractions of milliseconds without losing count', () => {
    const budget = fetchBudget({ perMinute: 6, spacingMs: 0 });
    const atOnce = Array.from({ length: 100 }, () => budget.take(start + 0.123_456)).filter(Boolean);
    expect(atOnce).toHaveLength(6);
  });

  it('is neither filled nor locked for good by a clock that is set back', () => {
    const budget = sixAMinute();
    takenOver(budget, { forMs: 6000 });
    const anHourBack = start - 3_600_000;
    expect(budget.take(anHourBack)).toBe(false);
    expect(budget.take(anHourBack + 9_999)).toBe(false);
    expect(budget.take(anHourBack + 10_000)).toBe(true);
  });
});
