import assert from 'node:assert/strict';
import type { Reservation, SingleUseStore } from '@assay/core';
import { firstKey, otherKeys, unusualIds } from './other-keys.js';
import type { MakeStore, StoreContractOptions } from './store-under-test.js';
import { testFunctionsFrom } from './test-functions.js';
import { longLifeSeconds, type Timeline } from './timeline.js';
import { withStore } from './with-store.js';

/**
 * Declares a suite of what every `SingleUseStore` has to do: one use of each thing, however many ask at once; owners
 * that never meet; entries that live as long as they have to; a share for each owner.
 *
 * `make` is called once for each test and makes a fresh store.
 *
 * Throws: `SetupError` when there is no test runner.
 */
export function describeSingleUseStore(
  make: MakeStore<SingleUseStore>,
  options: StoreContractOptions = {},
): void {
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

  describe(options.name ?? 'a single-use store', () => {
    test('lets a thing be used once', async ({ reserve }) => {
      assert.equal(await reserve(), 'reserved');
      assert.equal(await reserve(), 'replayed');
      assert.equal(await reserve(), 'replayed');
    });

    test('lets exactly one of 200 simultaneous uses pass', async ({ reserveAtOnce }) => {
      const answers = await reserveAtOnce(Array.from({ length: 200 }, () => ({})));
      assert.equal(answers.filter((answer) => answer === 'reserved').length, 1);
      assert.equal(answers.filter((answer) => answer === 'replayed').length, 199);
    });

    test('lets 200 different things pass at once, and none of them again', async ({ reserveAtOnce }) => {
      const things = Array.from({ length: 200 }, (_, index) => ({ id: String(index) }));
      assert.deepEqual(new Set(await reserveAtOnce(things)), new Set(['reserved']));
      assert.deepEqual(new Set(await reserveAtOnce(things)), new Set(['replayed']));
    });

    for (const [whose, changes] of otherKeys) {
      test(`never takes a thing of ${whose} for the same`, async ({ reserve }) => {
        assert.equal(await reserve(), 'reserved');
        assert.equal(await reserve(changes), 'reserved');
        assert.equal(await reserve(changes), 'replayed');
        assert.equal(await reserve(), 'replayed');
      });
    }

    test('keeps all of these apart at once', async ({ reserveAtOnce }) => {
      const things = [{}, ...otherKeys.map(([, changes]) => changes)];
      assert.deepEqual(new Set(await reserveAtOnce(things)), new Set(['reserved']));
    });

    for (const [what, id] of unusualIds) {
      test(`remembers an id that is ${what}`, async ({ reserve }) => {
        assert.equal(await reserve({ id }), 'reserved');
        assert.equal(await reserve({ id }), 'replayed');
      });
    }

    test('tells the unusual ids apart', async ({ reserveAtOnce }) => {
      const answers = await reserveAtOnce(unusualIds.map(([, id]) => ({ id })));
      assert.deepEqual(new Set(answers), new Set(['reserved']));
    });

    test('remembers until the thing expires, and not for ever', async ({ reserve, time }) => {
      const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
      assert.equal(await reserve({ expiresAt }), 'reserved');
      await time.until(expiresAt - time.justBeforeSeconds);
      const answer = await reserve({ expiresAt });
      // A slow machine may have come too late to ask.
      if (time.nowSeconds() < expiresAt) assert.equal(answer, 'replayed');

      await time.until(expiresAt + time.remembersLongerSeconds);
      const next = { expiresAt: time.nowSeconds() + longLifeSeconds };
      assert.equal(await reserve(next), 'reserved');
      assert.equal(await reserve(next), 'replayed');
    });

    test('forgets no thing because another one of the same owner expires', async ({ reserve, time }) => {
      const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
      assert.equal(await reserve({ id: 'long' }), 'reserved');
      assert.equal(await reserve({ id: 'short', expiresAt }), 'reserved');
      await time.until(expiresAt + time.remembersLongerSeconds);
      assert.equal(await reserve({ id: 'other' }), 'reserved');
      assert.equal(await reserve({ id: 'long' }), 'replayed');
    });

    for (const expiresAt of [NaN, Infinity, -Infinity]) {
      test(`refuses a thing that expires at ${String(expiresAt)}`, async ({ reserve }) => {
        await assert.rejects(reserve({ expiresAt }));
        assert.equal(await reserve(), 'reserved');
      });
    }

    test('gives each owner a share, and refuses only who has used it up', async ({ reserve }) => {
      for (const id of ['a', 'b', 'c']) assert.equal(await reserve({ id }), 'reserved');
      await assert.rejects(reserve({ id: 'd' }));
      assert.equal(await reserve({ id: 'd', scope: ['client-2', 'target'] }), 'reserved');
      assert.equal(await reserve({ id: 'd', purpose: 'contract-2' }), 'reserved');
      for (const id of ['a', 'b', 'c']) assert.equal(await reserve({ id }), 'replayed');
    }, 3);

    test('holds an owner to the share when all come at once', async ({ reserveAtOnce }) => {
      const things = Array.from({ length: 50 }, (_, index) => ({ id: String(index) }));
      const answers = await reserveAtOnce(things);
      assert.equal(answers.filter((answer) => answer === 'reserved').length, 3);
      assert.equal(answers.filter((answer) => answer === 'rejected').length, 47);
    }, 3);

    test('has room for an owner again when something of his expires', async ({ reserve, time }) => {
      const expiresAt = time.nowSeconds() + time.shortLifeSeconds;
      assert.equal(await reserve({ id: 'a' }), 'reserved');
      assert.equal(await reserve({ id: 'b', expiresAt }), 'reserved');
      await assert.rejects(reserve({ id: 'c' }));
      await time.until(expiresAt + time.remembersLongerSeconds);
      assert.equal(await reserve({ id: 'c' }), 'reserved');
      await assert.rejects(reserve({ id: 'd' }));
      assert.equal(await reserve({ id: 'a' }), 'replayed');
    }, 2);
  });
}

type Changes = Partial<Reservation>;

interface Subject {
  readonly time: Timeline;
  readonly reserve: (changes?: Changes) => Promise<unknown>;
  /** Asks for all at once, at both instances in turn. */
  readonly reserveAtOnce: (things: readonly Changes[]) => Promise<unknown[]>;
}

function subjectOf(instances: readonly [SingleUseStore, SingleUseStore], time: Timeline): Subject {
  const ask = (store: SingleUseStore, changes: Changes): Promise<unknown> =>
    store.reserve({ ...firstKey, expiresAt: time.nowSeconds() + longLifeSeconds, ...changes });
  return {
    time,
    reserve: (changes = {}) => ask(instances[0], changes),
    reserveAtOnce: (things) =>
      Promise.all(
        things.map((thing, index) =>
          ask(instances[index % 2 === 0 ? 0 : 1], thing).catch((): unknown => 'rejected'),
        ),
      ),
  };
}
