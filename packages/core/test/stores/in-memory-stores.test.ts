import { describe, expect, it, jest } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { SetupError } from '../../src/setup-error.js';
import { inMemoryStores, type InMemoryStoresOptions } from '../../src/stores/in-memory-stores.js';
import type { Reservation } from '../../src/stores/single-use-store.js';

describe('inMemoryStores', () => {
  function start(options: InMemoryStoresOptions = {}) {
    const clock = fixedClock(1_800_000_000);
    const { singleUse } = inMemoryStores({ clock, ...options });
    const reserve = (id: string, changes: Partial<Reservation> = {}) =>
      singleUse.reserve({
        purpose: 'dpop-proof',
        scope: ['client-1'],
        id,
        expiresAt: clock.nowSeconds() + 60,
        ...changes,
      });
    return { clock, reserve };
  }

  it('lets a thing be used once', async () => {
    const { reserve } = start();
    expect(await reserve('a')).toBe('reserved');
    expect(await reserve('a')).toBe('replayed');
    expect(await reserve('b')).toBe('reserved');
  });

  it('lets exactly one of a thousand simultaneous uses pass', async () => {
    const { reserve } = start();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => reserve('a')));
    expect(answers.filter((answer) => answer === 'reserved')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'replayed')).toHaveLength(999);
  });

  it.each([
    ['another purpose', { purpose: 'client-assertion' }],
    ['another owner', { scope: ['client-2'] }],
    ['an owner whose name begins alike', { scope: ['client-1', ''] }],
    ['an owner whose name is cut elsewhere', { scope: ['client', '-1'] }],
    ['an owner whose name reads like the tuple', { scope: ['client-1"],"a'] }],
    ['nobody', { scope: [] }],
  ])('never takes a thing of %s for the same', async (_who, changes) => {
    const { reserve } = start();
    expect(await reserve('a')).toBe('reserved');
    expect(await reserve('a', changes)).toBe('reserved');
    expect(await reserve('a', changes)).toBe('replayed');
  });

  it.each(['__proto__', 'constructor', '', '\ud800', '\u0000'])('remembers an id such as %j', async (id) => {
    const { reserve } = start();
    expect(await reserve(id)).toBe('reserved');
    expect(await reserve(id)).toBe('replayed');
  });

  it('remembers until the instant at which the thing expires', async () => {
    const { clock, reserve } = start();
    await reserve('a');
    clock.advanceSeconds(59.999);
    expect(await reserve('a')).toBe('replayed');
    clock.advanceSeconds(0.001);
    expect(await reserve('a')).toBe('reserved');
    expect(await reserve('a')).toBe('replayed');
  });

  it.each([NaN, Infinity, -Infinity])('refuses a thing that expires at %p', async (expiresAt) => {
    const { reserve } = start();
    await expect(reserve('a', { expiresAt })).rejects.toThrow('expiresAt is not a time');
  });

  describe('when it is full', () => {
    const limits = { maximumEntries: 3, maximumEntriesPerOwner: 2 };
    const fill = async () => {
      const store = start(limits);
      await store.reserve('a');
      await store.reserve('b', { scope: ['client-2'] });
      await store.reserve('c', { scope: ['client-2'], expiresAt: store.clock.nowSeconds() + 30 });
      return store;
    };

    it('refuses what is new', async () => {
      const { reserve } = await fill();
      await expect(reserve('d', { scope: ['client-3'] })).rejects.toThrow('the single-use store is full');
    });

    it('still knows every live entry', async () => {
      const { reserve } = await fill();
      await expect(reserve('d')).rejects.toThrow();
      expect(await reserve('a')).toBe('replayed');
      expect(await reserve('b', { scope: ['client-2'] })).toBe('replayed');
      expect(await reserve('c', { scope: ['client-2'] })).toBe('replayed');
    });

    it('has room again as soon as an entry expires', async () => {
      const { clock, reserve } = await fill();
      clock.advanceSeconds(29.999);
      await expect(reserve('d')).rejects.toThrow();
      clock.advanceSeconds(0.001);
      expect(await reserve('d')).toBe('reserved');
      await expect(reserve('e', { scope: ['client-3'] })).rejects.toThrow();
    });
  });

  it('counts an entry once that has expired and is used again', async () => {
    const { clock, reserve } = start({ maximumEntries: 3, maximumEntriesPerOwner: 3 });
    await reserve('a');
    clock.advanceSeconds(60);
    expect(await reserve('a')).toBe('reserved');
    expect(await reserve('b')).toBe('reserved');
    expect(await reserve('c')).toBe('reserved');
    await expect(reserve('d')).rejects.toThrow('the single-use store is full');
  });

  describe('when one owner has used up its share', () => {
    it('refuses that owner and nobody else', async () => {
      const { reserve } = start({ maximumEntries: 10, maximumEntriesPerOwner: 2 });
      await reserve('a');
      await reserve('b');
      await expect(reserve('c')).rejects.toThrow('the single-use store is full');
      expect(await reserve('c', { scope: ['client-2'] })).toBe('reserved');
      expect(await reserve('a')).toBe('replayed');
    });

    it('gives an owner a tenth where nothing is said', async () => {
      const { reserve } = start({ maximumEntries: 20 });
      await reserve('a');
      await reserve('b');
      await expect(reserve('c')).rejects.toThrow();
    });
  });

  it('is not looked through for each thing that it refuses while nothing in it can have expired', async () => {
    const { reserve } = start({ maximumEntries: 50, maximumEntriesPerOwner: 50 });
    for (let index = 0; index < 50; index++) await reserve(`a${String(index)}`);
    const lookThrough = jest.spyOn(Map.prototype, Symbol.iterator as unknown as 'entries');
    for (let index = 0; index < 50; index++) await expect(reserve(`b${String(index)}`)).rejects.toThrow();
    const looks = lookThrough.mock.calls.length;
    lookThrough.mockRestore();
    expect(looks).toBe(0);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10'])('refuses to be made for %p entries', (count) => {
    const options = (name: string) => ({ [name]: count }) as InMemoryStoresOptions;
    for (const option of ['maximumEntries', 'maximumEntriesPerOwner']) {
      const make = () => inMemoryStores(options(option));
      expect(make).toThrow(SetupError);
      expect(make).toThrow(
        `${option}: it is not a positive integer. Give the number of live entries to hold, or leave the option out.`,
      );
    }
  });
});
