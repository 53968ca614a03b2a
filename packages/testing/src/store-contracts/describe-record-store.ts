import assert from 'node:assert/strict';
import type { JsonValue, RecordKey, RecordStore, StoredRecord } from '@assay/core';
import { firstKey, otherKeys, unusualIds } from './other-keys.js';
import type { MakeStore, StoreContractOptions } from './store-under-test.js';
import { testFunctionsFrom } from './test-functions.js';
import { longLifeSeconds, type Timeline } from './timeline.js';
import { withStore } from './with-store.js';

/**
 * Declares a suite of what every `RecordStore` has to do: records come back as they were put, at most one of all who
 * take one gets it, owners never meet, nothing outlives its expiry, each owner has a share.
 *
 * `make` is called once for each test and makes a fresh store.
 *
 * Throws: `SetupError` when there is no test runner.
 */
export function describeRecordStore(make: MakeStore<RecordStore>, options: StoreContractOptions = {}): void {
  const { describe, it } = testFunctionsFrom(options.testFunctions);

  const test = (title: string, body: (store: Subject) => Promise<void>, share?: number) =>
    it(title, () =>
      withStore(
        make,
        options,
        ({ store, otherInstance, time }) => body(subjectOf([store, otherInstance], time)),
        share,
      ),
    );

  describe(options.name ?? 'a record store', () => {
    test('has nothing that nobody put', async ({ get, take }) => {
      assert.equal(await get(), undefined);
      assert.equal(await take(), undefined);
    });

    for (const [what, value] of values) {
      test(`gives back ${what} as it was put`, async ({ put, get, take }) => {
        await put({ value });
        assert.deepEqual(await get(), value);
        assert.deepEqual(await take(), value);
      });
    }

    test('leaves a record that is got, and has none that is taken', async ({ put, get, take }) => {
      await put({ value: 1 });
      assert.equal(await get(), 1);
      assert.equal(await get(), 1);
      assert.equal(await take(), 1);
      assert.equal(await take(), undefined);
      assert.equal(await get(), undefined);
    });

    test('puts a record in the place of another', async ({ put, get, take }) => {
      await put({ value: 'first' });
      await put({ value: 'second' });
      assert.equal(await get(), 'second');
      assert.equal(await take(), 'second');
      assert.equal(await take(), undefined);
      await put({ value: 'third' });
      assert.equal(await take(), 'third');
    });

    test('is not changed by what happens to a value outside', async ({ put, get }) => {
      const value = { scopes: ['read'] };
      await put({ value });
      value.scopes.push('write');
      const got = (await get()) as typeof value;
      got.scopes.push('admin');
      assert.deepEqual(await get(), { scopes: ['read'] });
    });

    test('gives a record to exactly one of 200 who take it at once', async ({ put, takeAtOnce }) => {
      await put({ value: 'once' });
      const taken = await takeAtOnce(Array.from({ length: 200 }, () => ({})));
      assert.deepEqual(
        taken.filter((value) => value !== undefined),
        ['once'],
      );
    });

    for (const [whose, changes] of otherKeys) {
      test(`never takes a record of ${whose} for the same`, async ({ put, get, take }) => {
        await put({ value: 'mine' });
        assert.equal(await get(changes), undefined);
        assert.equal(await take(changes), undefined);
        await put({ ...changes, value: 'theirs' });
        assert.equal(await take(changes), 'theirs');
        assert.equal(await take(), 'mine');
      });
    }

    for (const [what, id] of unusualIds) {
      test(`keeps a record whose id is ${what}`, async ({ put, take }) => {
        await put({ id, value: what });
        assert.equal(await take({ id }), what);
        assert.equal(await take({ id }), undefined);
      });
    }

    test('tells the unusual ids apart', async ({ put, get }) => {
      for (const [what, id] of unusualIds) await put({ id, value: what });
      for (const [what, id] of unusualIds) assert.equal(await get({ id }), what);
    });

    for (const [verb, of] of [
      ['gets', ({ get }: Subject) => get],
      ['takes', ({ take }: Subject) => take],
    ] as const) {
      test(`${verb} a record until it expires, and not from then on`, async (subject) => {
        const { put, time } = subject;
        const read = of(subject);
        const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
        await put({ id: 'before', value: 1, expiresAt });
        await put({ id: 'after', value: 2, expiresAt });
        await time.until(expiresAt - time.justBeforeSeconds);
        const value = await read({ id: 'before' });
        // A slow machine may have come too late to ask.
        if (time.nowSeconds() < expiresAt) assert.equal(value, 1);
        await time.until(expiresAt + time.remembersLongerSeconds);
        assert.equal(await read({ id: 'before' }), undefined);
        assert.equal(await read({ id: 'after' }), undefined);
      });
    }

    test('forgets no record because another one of the same owner expires', async ({ put, get, time }) => {
      const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
      await put({ id: 'long', value: 'long' });
      await put({ id: 'short', value: 'short', expiresAt });
      await time.until(expiresAt + time.remembersLongerSeconds);
      await put({ id: 'other', value: 'other' });
      assert.equal(await get({ id: 'long' }), 'long');
    });

    for (const [what, value] of notJson()) {
      test(`refuses a value that is ${what}`, async ({ put, get }) => {
        await assert.rejects(put({ value: value as JsonValue }));
        assert.equal(await get(), undefined);
      });
    }

    for (const expiresAt of [NaN, Infinity, -Infinity]) {
      test(`refuses a record that expires at ${String(expiresAt)}`, async ({ put, get }) => {
        await assert.rejects(put({ expiresAt }));
        assert.equal(await get(), undefined);
      });
    }

    test('gives each owner a share, and refuses only who has used it up', async ({ put, get }) => {
      for (const id of ['a', 'b', 'c']) await put({ id, value: id });
      await assert.rejects(put({ id: 'd' }));
      assert.equal(await get({ id: 'd' }), undefined);
      await put({ id: 'd', scope: ['client-2', 'target'] });
      await put({ id: 'd', purpose: 'contract-2' });
      for (const id of ['a', 'b', 'c']) assert.equal(await get({ id }), id);
    }, 3);

    test('puts a record in the place of another though the share is used up', async ({ put, get }) => {
      for (const id of ['a', 'b']) await put({ id, value: 'first' });
      await put({ id: 'a', value: 'second' });
      assert.equal(await get({ id: 'a' }), 'second');
    }, 2);

    test('has room for an owner again when a record of his is taken or expires', async ({
      put,
      take,
      get,
      time,
    }) => {
      const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
      await put({ id: 'a' });
      await put({ id: 'b', expiresAt });
      await assert.rejects(put({ id: 'c' }));
      await take({ id: 'a' });
      await put({ id: 'c', value: 'c' });
      await assert.rejects(put({ id: 'd' }));
      await time.until(expiresAt + time.remembersLongerSeconds);
      await put({ id: 'd', value: 'd' });
      await assert.rejects(put({ id: 'e' }));
      assert.equal(await get({ id: 'c' }), 'c');
      assert.equal(await get({ id: 'd' }), 'd');
    }, 2);
  });
}

const values: readonly (readonly [what: string, value: JsonValue])[] = [
  ['a text', 'read write'],
  ['a text with every kind of character', '"\\\u0000\n\u2028 é 漢 😀 \ud800'],
  ['a number', 0.1],
  ['nothing in the sense of JSON', null],
  ['false', false],
  ['a list', [1, [2, []], 'three']],
  ['an object', { claims: { acr: ['high'], max_age: 300 }, empty: {} }],
  ['an object with awkward names', JSON.parse('{"__proto__":{"a":1},"":2,"expiresAt":3}') as JsonValue],
  ['a text of 20,000 characters', 'x'.repeat(20_000)],
];

function notJson(): readonly (readonly [what: string, value: unknown])[] {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  return [
    ['undefined', undefined],
    ['a function', () => 'no'],
    ['a symbol', Symbol('no')],
    ['a big integer', 1n],
    ['circular', circular],
  ];
}

interface Subject {
  readonly time: Timeline;
  readonly put: (changes?: Partial<StoredRecord>) => Promise<void>;
  readonly get: (changes?: Partial<RecordKey>) => Promise<JsonValue | undefined>;
  readonly take: (changes?: Partial<RecordKey>) => Promise<JsonValue | undefined>;
  /** Takes all at once, at both instances in turn. */
  readonly takeAtOnce: (keys: readonly Partial<RecordKey>[]) => Promise<(JsonValue | undefined)[]>;
}

function subjectOf(instances: readonly [RecordStore, RecordStore], time: Timeline): Subject {
  const [store] = instances;
  const keyOf = (changes: Partial<RecordKey> = {}): RecordKey => ({ ...firstKey, ...changes });
  return {
    time,
    put: (changes) =>
      store.put({ ...firstKey, value: 'value', expiresAt: time.nowSeconds() + longLifeSeconds, ...changes }),
    get: (changes) => store.get(keyOf(changes)),
    take: (changes) => store.take(keyOf(changes)),
    takeAtOnce: (keys) =>
      Promise.all(keys.map((changes, index) => instances[index % 2 === 0 ? 0 : 1].take(keyOf(changes)))),
  };
}
