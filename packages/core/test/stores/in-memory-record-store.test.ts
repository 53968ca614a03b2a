import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { SetupError } from '../../src/setup-error.js';
import { inMemoryStores, type InMemoryStoresOptions } from '../../src/stores/in-memory-stores.js';
import type { JsonValue, RecordKey, StoredRecord } from '../../src/stores/record-store.js';

// What every record store does is in contract.test.ts.
describe('the record store of inMemoryStores', () => {
  function start(options: InMemoryStoresOptions = {}) {
    const clock = fixedClock(1_800_000_000);
    const { records } = inMemoryStores({ clock, ...options });
    const key = (id: string, changes: Partial<RecordKey> = {}) => ({
      purpose: 'code',
      scope: ['client-1'],
      id,
      ...changes,
    });
    return {
      clock,
      put: (id: string, changes: Partial<StoredRecord> = {}) =>
        records.put({ value: id, expiresAt: clock.nowSeconds() + 60, ...key(id), ...changes }),
      get: (id: string, changes: Partial<RecordKey> = {}) => records.get(key(id, changes)),
    };
  }

  describe('when it is full', () => {
    const limits = { maximumRecords: 2, maximumRecordsPerOwner: 2 };

    it('refuses a new record and keeps every live one', async () => {
      const { put, get } = start(limits);
      await put('a');
      await put('b', { scope: ['client-2'] });
      await expect(put('c', { scope: ['client-3'] })).rejects.toThrow('the record store is full');
      expect(await get('a')).toBe('a');
      expect(await get('b', { scope: ['client-2'] })).toBe('b');
      expect(await get('c', { scope: ['client-3'] })).toBeUndefined();
    });

    it('has room again as soon as a record expires', async () => {
      const { clock, put, get } = start(limits);
      await put('a');
      await put('b', { expiresAt: clock.nowSeconds() + 30 });
      clock.advanceSeconds(29.999);
      await expect(put('c')).rejects.toThrow('the record store is full');
      clock.advanceSeconds(0.001);
      await put('c');
      expect(await get('c')).toBe('c');
    });
  });

  it('gives an owner a tenth where nothing is said', async () => {
    const { put } = start({ maximumRecords: 20 });
    await put('a');
    await put('b');
    await expect(put('c')).rejects.toThrow('the record store is full');
  });

  it('has limits of its own, beside those of single use', async () => {
    const { put } = start({ maximumEntries: 1 });
    await put('a');
    await expect(put('b')).resolves.toBeUndefined();
  });

  it.each([
    ['a text', 'x'.repeat(8), 'x'.repeat(9)],
    ['a text that is longer in UTF-8', 'é'.repeat(4), `é${'é'.repeat(4)}`],
    ['a list', [1, 2, 3, 45], [1, 2, 3, 456]],
  ] as readonly [string, JsonValue, JsonValue][])(
    'takes %s whose JSON has as many bytes as it may, and none with one more',
    async (_what, fits, isTooLong) => {
      const { put, get } = start({ maximumRecordBytes: 10 });
      await put('a', { value: fits });
      await expect(put('b', { value: isTooLong })).rejects.toThrow('the record is too large');
      expect(await get('a')).toEqual(fits);
      expect(await get('b')).toBeUndefined();
    },
  );

  it('names no part of a value that it refuses', async () => {
    const secret: Record<string, unknown> = { password: 'hunter2' };
    secret['hunter2'] = secret;
    const failing = {
      toJSON() {
        throw new Error('hunter2');
      },
    };
    for (const value of [secret, failing] as unknown as JsonValue[]) {
      const error: unknown = await start()
        .put('a', { value })
        .catch((caught: unknown) => caught);
      expect(error).toEqual(new TypeError('the value of the record is not JSON'));
      expect(inspect(error)).not.toContain('hunter2');
    }
  });

  it.each(['maximumRecords', 'maximumRecordsPerOwner', 'maximumRecordBytes'])('refuses 0 as %s', (option) => {
    const make = () => inMemoryStores({ [option]: 0 });
    expect(make).toThrow(SetupError);
    expect(make).toThrow(`${option}: it is not a positive integer.`);
  });

  it('refuses a misspelt option', () => {
    const make = () => inMemoryStores({ maximumRecord: 5 } as InMemoryStoresOptions);
    expect(make).toThrow(SetupError);
    expect(make).toThrow('maximumRecord: there is no such option. Did you mean maximumRecords?');
  });
});
