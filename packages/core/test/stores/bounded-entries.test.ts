import { describe, expect, it, jest } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { boundedEntries } from '../../src/stores/bounded-entries.js';

describe('boundedEntries', () => {
  const key = (id: string) => ({ purpose: 'test', scope: ['owner'], id });

  /** How many entries are looked at while something is done. */
  function looksDuring(action: () => void): number {
    const look = jest.spyOn(Map.prototype, Symbol.iterator as unknown as 'entries');
    action();
    const looks = look.mock.calls.length;
    look.mockRestore();
    return looks;
  }

  it('gives expired entries up once a minute, though there is room', () => {
    const clock = fixedClock(1_800_000_000);
    const limits = { maximumEntries: 1000, maximumEntriesPerOwner: 1000 };
    const entries = boundedEntries<string>('store', limits, clock);
    const released = jest.spyOn(Map.prototype, 'delete');
    const setNow = (id: string) => {
      entries.set(key(id), id, clock.nowSeconds() + 5);
    };

    for (let index = 0; index < 100; index++) setNow(`a${String(index)}`);
    clock.advanceSeconds(5);
    setNow('b');
    const releasedFirst = released.mock.calls.length;
    clock.advanceSeconds(59.999);
    setNow('c');
    const releasedInBetween = released.mock.calls.length - releasedFirst;
    clock.advanceSeconds(0.001);
    setNow('d');
    const releasedAfterAMinute = released.mock.calls.length - releasedFirst - releasedInBetween;
    released.mockRestore();

    // The hundred, and their owner, who has nothing left.
    expect([releasedFirst, releasedInBetween, releasedAfterAMinute]).toEqual([101, 0, 1]);
    expect(entries.get(key('d'))).toBe('d');
  });

  it('looks nothing through while it has room and the minute is not over', () => {
    const clock = fixedClock(1_800_000_000);
    const entries = boundedEntries('store', { maximumEntries: 10, maximumEntriesPerOwner: 10 }, clock);
    entries.set(key('a'), 'a', clock.nowSeconds() + 1);
    clock.advanceSeconds(1);
    entries.set(key('b'), 'b', clock.nowSeconds() + 1);
    clock.advanceSeconds(1);
    expect(
      looksDuring(() => {
        entries.set(key('c'), 'c', clock.nowSeconds() + 1);
      }),
    ).toBe(0);
  });

  it('counts what is deleted no longer', () => {
    const clock = fixedClock(1_800_000_000);
    const entries = boundedEntries('store', { maximumEntries: 1, maximumEntriesPerOwner: 1 }, clock);
    for (const id of ['a', 'b', 'c']) {
      entries.set(key(id), id, clock.nowSeconds() + 60);
      entries.delete(key(id));
      entries.delete(key(id));
    }
    entries.set(key('d'), 'd', clock.nowSeconds() + 60);
    expect(() => {
      entries.set(key('e'), 'e', clock.nowSeconds() + 60);
    }).toThrow('the store is full');
  });
});
