import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Revocation, RevocationQuery, WritableRevocationStore } from '@assay/core';
import { unusualIds } from './other-keys.js';
import type { MakeStore, StoreContractOptions } from './store-under-test.js';
import { testFunctionsFrom } from './test-functions.js';
import type { Timeline } from './timeline.js';
import { withStore } from './with-store.js';

/**
 * Declares a suite of what every `RevocationStore` has to do: what is revoked is known at once and everywhere, nothing else
 * is, issuers and identifiers never meet, and nothing is forgotten while a token that it is about could still pass.
 *
 * `make` is called once for each test and makes a fresh store.
 *
 * Throws: `SetupError` when there is no test runner.
 */
export function describeRevocationStore(
  make: MakeStore<WritableRevocationStore>,
  options: StoreContractOptions = {},
): void {
  const { describe, it } = testFunctionsFrom(options.testFunctions);

  const test = (title: string, body: (store: Subject) => Promise<void>) =>
    it(title, () =>
      withStore(make, options, ({ store, otherInstance, time }) =>
        body(subjectOf([store, otherInstance], time)),
      ),
    );

  describe(options.name ?? 'a revocation store', () => {
    test('knows nothing that nobody revoked', async ({ isRevoked }) => {
      assert.equal(await isRevoked(everything), false);
      assert.equal(await isRevoked({}), false);
    });

    for (const kind of kinds) {
      test(`knows the tokens with a ${kind} that was revoked, and no others`, async ({
        revoke,
        isRevoked,
      }) => {
        await revoke({ [kind]: 'a' });
        assert.equal(await isRevoked({ [kind]: 'a' }), true);
        assert.equal(await isRevoked({ ...everything, [kind]: 'a' }), true);
        assert.equal(await isRevoked(everything), false);
        assert.equal(await isRevoked({ [kind]: 'A' }), false);
        assert.equal(await isRevoked({}), false);
      });

      test(`never takes another identifier for a ${kind}`, async ({ revoke, isRevoked }) => {
        await revoke({ [kind]: 'a' });
        for (const other of kinds.filter((name) => name !== kind)) {
          assert.equal(await isRevoked({ [other]: 'a' }), false);
        }
      });

      test(`revokes by ${kind} the tokens that were issued before an instant`, async ({
        revoke,
        isRevoked,
        time,
      }) => {
        const issuedBefore = Math.floor(time.nowSeconds());
        await revoke({ [kind]: 'a', issuedBefore });
        assert.equal(await isRevoked({ [kind]: 'a', issuedAt: issuedBefore - 0.001 }), true);
        assert.equal(await isRevoked({ [kind]: 'a', issuedAt: issuedBefore }), false);
        assert.equal(await isRevoked({ [kind]: 'a', issuedAt: issuedBefore + 1 }), false);
        assert.equal(await isRevoked({ [kind]: 'a' }), true);
      });
    }

    test('revokes tokens also when they are issued later, unless told otherwise', async ({
      revoke,
      isRevoked,
      time,
    }) => {
      await revoke({ subject: 'a' });
      assert.equal(await isRevoked({ subject: 'a', issuedAt: time.nowSeconds() + 10 }), true);
    });

    test('revokes every token of an issuer that was issued before an instant', async ({
      revoke,
      isRevoked,
      time,
    }) => {
      const issuedBefore = Math.floor(time.nowSeconds());
      await revoke({ issuedBefore });
      assert.equal(await isRevoked({ ...everything, issuedAt: issuedBefore - 1 }), true);
      assert.equal(await isRevoked({ issuedAt: issuedBefore - 1 }), true);
      assert.equal(await isRevoked(everything), true);
      assert.equal(await isRevoked({ ...everything, issuedAt: issuedBefore }), false);
      assert.equal(await isRevoked({ issuer: 'https://other.example', issuedAt: issuedBefore - 1 }), false);
    });

    for (const [whose, issuer, tokenId] of others) {
      test(`never takes a token of ${whose} for the same`, async ({ revoke, isRevoked }) => {
        await revoke({ tokenId: 'a' });
        assert.equal(await isRevoked({ issuer, tokenId }), false);
        await revoke({ issuer, tokenId });
        assert.equal(await isRevoked({ issuer, tokenId }), true);
        assert.equal(await isRevoked({ tokenId: 'a' }), true);
      });
    }

    for (const [what, id] of usableIds) {
      test(`knows an identifier that is ${what}`, async ({ revoke, isRevoked }) => {
        await revoke({ tokenId: id });
        assert.equal(await isRevoked({ tokenId: id }), true);
        for (const [, other] of usableIds) {
          if (other !== id) assert.equal(await isRevoked({ tokenId: other }), false);
        }
      });
    }

    for (const [order, revocations] of widerOnes) {
      test(`goes by the wider of two revocations, ${order}`, async ({ revoke, isRevoked, time }) => {
        const now = Math.floor(time.nowSeconds());
        for (const issuedBefore of revocations(now)) await revoke({ subject: 'a', issuedBefore });
        assert.equal(await isRevoked({ subject: 'a', issuedAt: now - 1 }), true);
        assert.equal(await isRevoked({ subject: 'a', issuedAt: now }), false);
      });
    }

    for (const order of ['first', 'last'] as const) {
      test(`keeps a revocation without an instant that came ${order}`, async ({
        revoke,
        isRevoked,
        time,
      }) => {
        const now = Math.floor(time.nowSeconds());
        if (order === 'first') await revoke({ subject: 'a' });
        await revoke({ subject: 'a', issuedBefore: now });
        if (order === 'last') await revoke({ subject: 'a' });
        assert.equal(await isRevoked({ subject: 'a', issuedAt: now + 1 }), true);
      });
    }

    test('remembers 300 seconds longer than the tokens live, and not for ever', async ({
      revoke,
      isRevoked,
      time,
    }) => {
      const end = time.nowSeconds() + time.shortLifeSeconds;
      await revoke({ tokenId: 'a', expiresAt: end - graceSeconds });
      await time.until(end - time.justBeforeSeconds);
      const answer = await isRevoked({ tokenId: 'a' });
      // A slow machine may have come too late to ask.
      if (time.nowSeconds() < end) assert.equal(answer, true);
      await time.until(end + time.remembersLongerSeconds);
      assert.equal(await isRevoked({ tokenId: 'a' }), false);
    });

    for (const [order, lives] of [
      ['the longer one first', [60, 0]],
      ['the longer one last', [0, 60]],
    ] as const) {
      test(`remembers for the longer of two revocations, ${order}`, async ({ revoke, isRevoked, time }) => {
        const end = time.nowSeconds() + time.shortLifeSeconds;
        for (const longer of lives) await revoke({ tokenId: 'a', expiresAt: end - graceSeconds + longer });
        await time.until(end + time.remembersLongerSeconds);
        assert.equal(await isRevoked({ tokenId: 'a' }), true);
      });
    }

    test('does not let a revocation that is over widen the next', async ({ revoke, isRevoked, time }) => {
      const end = time.nowSeconds() + time.shortLifeSeconds;
      await revoke({ subject: 'a', expiresAt: end - graceSeconds });
      await time.until(end + time.remembersLongerSeconds);
      const issuedBefore = Math.floor(time.nowSeconds());
      await revoke({ subject: 'a', issuedBefore });
      assert.equal(await isRevoked({ subject: 'a', issuedAt: issuedBefore }), false);
      assert.equal(await isRevoked({ subject: 'a', issuedAt: issuedBefore - 1 }), true);
    });

    test('knows all of 200 revocations that came at once, at both instances', async ({ instances, time }) => {
      const ids = Array.from({ length: 200 }, (_, index) => String(index));
      const at = (index: number) => instances[index % 2 === 0 ? 0 : 1];
      const expiresAt = time.nowSeconds() + 60;
      await Promise.all(ids.map((tokenId, index) => at(index).revoke({ issuer, tokenId, expiresAt })));
      const answers = await Promise.all(
        ids.map((tokenId, index) => at(index + 1).isRevoked({ issuer, tokenId })),
      );
      assert.deepEqual(new Set(answers), new Set([true]));
    });

    for (const [what, revocation] of malformed) {
      test(`refuses a revocation with ${what}`, async ({ instances, isRevoked }) => {
        await assert.rejects(instances[0].revoke(revocation as unknown as Revocation));
        assert.equal(await isRevoked(everything), false);
      });
    }

    test('tells its listeners, also those at another instance, until they have heard enough', async ({
      instances: [store, other],
    }) => {
      if (other.subscribe === undefined) return;
      const heard: Revocation[] = [];
      const end = other.subscribe((revocation) => heard.push(revocation));
      await store.revoke({ issuer, tokenId: 'a' });
      await waitFor(() => heard.length > 0);
      assert.deepEqual(
        heard.map(({ issuer: of, tokenId }) => [of, tokenId]),
        [[issuer, 'a']],
      );
      end();
      const later: Revocation[] = [];
      const endLater = other.subscribe((revocation) => later.push(revocation));
      await store.revoke({ issuer, tokenId: 'b' });
      await waitFor(() => later.length > 0);
      assert.equal(heard.length, 1);
      endLater();
    });
  });
}

const issuer = 'https://as.example';
const kinds = ['tokenId', 'subject', 'sessionId', 'clientId'] as const;

/** How much longer than its tokens a revocation lives: the largest leeway there is. */
const graceSeconds = 300;

/** A token that says everything, and of which nothing was revoked. */
const everything: Partial<RevocationQuery> = {
  tokenId: 'token-9',
  subject: 'subject-9',
  sessionId: 'session-9',
  clientId: 'client-9',
};

/** Tokens that a careless encoding takes for the token `a` of the first issuer. */
const others: readonly (readonly [whose: string, issuer: string, tokenId: string])[] = [
  ['another issuer', 'https://other.example', 'a'],
  ['an issuer with a slash more', `${issuer}/`, 'a'],
  ['an issuer that takes the kind along', `${issuer}:tokenId`, 'a'],
  ['an issuer that reads like the tuple', `${issuer}","tokenId","a`, 'a'],
  ['an issuer that is cut elsewhere', issuer.slice(0, -1), 'ea'],
  ['the same issuer with a space more', issuer, 'a '],
];

const usableIds = unusualIds.filter(([, id]) => id !== '');

const widerOnes: readonly (readonly [order: string, revocations: (now: number) => readonly number[]])[] = [
  ['the wider one first', (now) => [now, now - 100]],
  ['the wider one last', (now) => [now - 100, now]],
];

const malformed: readonly (readonly [what: string, revocation: Record<string, unknown>])[] = [
  ['no identifier', { issuer }],
  ['two identifiers', { issuer, tokenId: 'token-9', subject: 'subject-9' }],
  ['an empty identifier', { issuer, tokenId: '' }],
  ['an identifier that is no text', { issuer, tokenId: 9 }],
  ['no issuer', { tokenId: 'token-9' }],
  ['an instant that is none', { issuer, tokenId: 'token-9', issuedBefore: NaN }],
  ['an end that is none', { issuer, tokenId: 'token-9', expiresAt: NaN }],
];

interface Subject {
  readonly time: Timeline;
  readonly instances: readonly [WritableRevocationStore, WritableRevocationStore];
  /** Revokes at one instance, tokens of the first issuer unless told otherwise. */
  readonly revoke: (revocation: Partial<Revocation>) => Promise<void>;
  /** Asks the other instance, about a token of the first issuer unless told otherwise. */
  readonly isRevoked: (token: Partial<RevocationQuery>) => Promise<boolean>;
}

function subjectOf(
  instances: readonly [WritableRevocationStore, WritableRevocationStore],
  time: Timeline,
): Subject {
  const [store, other] = instances;
  return {
    time,
    instances,
    revoke: (revocation) => store.revoke({ issuer, ...revocation }),
    isRevoked: (token) => other.isRevoked({ issuer, ...token }),
  };
}

/** Word of a revocation may take a moment to another instance. */
async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries++) await pause(10);
  assert.ok(condition(), 'no word of the revocation within five seconds');
}
