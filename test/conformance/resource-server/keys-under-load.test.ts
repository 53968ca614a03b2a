import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, type KeyEvent, type ResourceServer } from '@assay/core';
import { createTestIssuer, fixedClock, publicJwk, type FixedClock, type TestIssuer } from '@assay/testing';
import { defaultKeyPolicy } from '../../../packages/core/src/keys/key-policy.js';
import { keySetFrom, type KeySet } from '../../../packages/core/src/keys/key-set.js';
import { remoteKeys } from '../../../packages/core/src/keys/remote-keys.js';
import { generateJwk } from '../support/generate-jwk.js';
import { nowSeconds } from '../support/protected-api.js';

/** Writes a figure where the reader of the test run sees it. */
const print = (line: string) => process.stdout.write(`${line}\n`);

describe('10,000 requests while the issuer rotates, is down, slow and wrong, and strangers flood', () => {
  let clock: FixedClock;
  let issuer: TestIssuer;
  let stranger: TestIssuer;
  let server: ResourceServer;
  let events: KeyEvent[];
  let open: number;
  let mostOpen: number;

  // Short ages, so that every phase sees refreshes and the outages outlive the age of the set.
  const keyPolicy = { maximumAgeSeconds: 40, refreshAfterSeconds: 20, fetchTimeoutMs: 150 };

  beforeEach(async () => {
    clock = fixedClock(nowSeconds);
    [issuer, stranger] = await Promise.all([createTestIssuer({ clock }), createTestIssuer({ clock })]);
    events = [];
    open = 0;
    mostOpen = 0;
    server = createResourceServer({
      ...issuer.options,
      keyPolicy,
      onKeyEvent: (event) => events.push(event),
      fetch: (url, init) => {
        mostOpen = Math.max(mostOpen, (open += 1));
        return fetch(url, init).finally(() => (open -= 1));
      },
    });
  });
  afterEach(() => Promise.all([issuer.close(), stranger.close()]));

  type Kind = 'good' | 'forged' | 'unknown kid' | 'withdrawn key';
  let tally: Record<Kind, Record<string, number>>;
  let presented: number;

  async function present(kind: Kind, token: string): Promise<void> {
    presented += 1;
    const outcome = await server
      .authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } })
      .then(
        () => 'accepted',
        (error: unknown) => (isAssayError(error) ? error.code : String(error)),
      );
    tally[kind][outcome] = (tally[kind][outcome] ?? 0) + 1;
  }

  /** Some seconds of traffic: good requests, a forged one, and tokens of kids that somebody made up. */
  async function phase(name: string, seconds: number, { good = 20, unknown = 0 } = {}): Promise<number> {
    const fetchesBefore = issuer.requests.length;
    for (let second = 0; second < seconds; second++) {
      const token = issuer.accessToken();
      const forged = issuer.accessToken({}, { key: stranger.key });
      const madeUp = Array.from({ length: unknown }, (_, at) =>
        issuer.accessToken({}, { key: stranger.key, header: { kid: `made-up-${String(presented + at)}` } }),
      );
      await Promise.all([
        ...madeUp.map((each) => present('unknown kid', each)),
        ...Array.from({ length: good }, () => present('good', token)),
        present('forged', forged),
      ]);
      // A second is time enough for what was started in the background.
      while (open > 0) await setTimeout(1);
      await setTimeout(1);
      clock.advanceSeconds(1);
    }
    const fetches = issuer.requests.length - fetchesBefore;
    print(`${name}: ${String(seconds)} s, ${String(fetches)} fetches`);
    return fetches;
  }

  it('refuse no good token, accept no bad one, and cost no fetch beyond the budget', async () => {
    tally = { good: {}, forged: {}, 'unknown kid': {}, 'withdrawn key': {} };
    presented = 0;
    const refreshes = (seconds: number) => Math.ceil(seconds / keyPolicy.refreshAfterSeconds);
    const forUnknown = (seconds: number) => 6 + Math.floor(seconds / 10);
    // After 1, 2, 4, 8, 16 and 32 seconds: within a minute and a half a failing fetch is tried again so often.
    const retries = 7;

    // The metadata, the keys, and the refreshes.
    expect(await phase('all is well', 60)).toBeLessThanOrEqual(1 + refreshes(60));
    await issuer.rotate();
    expect(await phase('rotated without notice', 60)).toBeLessThanOrEqual(1 + refreshes(60));
    issuer.behave({ status: 503 });
    // After a failure the metadata is asked for, too: the keys may have moved.
    expect(await phase('down for a minute', 60, { unknown: 1 })).toBeLessThanOrEqual(2 * retries);
    issuer.behave({ delayMs: 50 });
    const slow = await phase('slow', 60, { unknown: 1 });
    expect(slow).toBeLessThanOrEqual(1 + forUnknown(60) + refreshes(60));
    issuer.behave({ delayMs: 1000 });
    expect(await phase('too slow', 30, { unknown: 1 })).toBeLessThanOrEqual(2 * retries);
    issuer.behave({ body: '<html>rubbish</html>', contentType: 'application/json' });
    expect(await phase('rubbish', 60, { unknown: 1 })).toBeLessThanOrEqual(3 * retries);
    issuer.behave('properly');
    expect(await phase('well again', 60)).toBeLessThanOrEqual(2 + refreshes(60));

    // In a flood, a key that was published is known within 15 seconds: an issuer that announces it loses nothing.
    const old = issuer.accessToken({ exp: clock.nowSeconds() + 3600 });
    await issuer.announceKey();
    const flood = { unknown: 50 };
    const fetchesInFlood = (await phase('flooded', 15, flood)) + (await rotatedInFlood());
    expect(fetchesInFlood).toBeLessThanOrEqual(forUnknown(45) + refreshes(45));

    async function rotatedInFlood(): Promise<number> {
      await issuer.rotate();
      const rotated = await phase('rotated in the flood', 15, flood);
      issuer.withdrawOldKeys();
      return rotated + (await phase('old keys withdrawn in the flood', 15, flood));
    }
    for (let count = 0; count < 500; count++) await present('withdrawn key', old);
    while (presented < 10_000) await phase('and on', 10);

    print(`${String(presented)} requests: ${JSON.stringify(tally)}`);
    print(`${String(issuer.requests.length)} fetches, at most ${String(mostOpen)} at once`);
    expect(tally.good).toEqual({ accepted: tally.good['accepted'] });
    expect(tally.good['accepted']).toBeGreaterThan(7000);
    // A forged token carries a known kid: it is judged at once, whatever the state of the issuer.
    expect(tally.forged).toEqual({ 'token.signature-invalid': tally.forged['token.signature-invalid'] });
    const { 'token.key-unknown': unknown = 0, 'service.keys-unavailable': unavailable = 0 } =
      tally['unknown kid'];
    expect(tally['unknown kid']).toEqual({
      'token.key-unknown': unknown,
      'service.keys-unavailable': unavailable,
    });
    expect(tally['withdrawn key']).toEqual({ 'token.key-unknown': 500 });
    expect(presented).toBeGreaterThanOrEqual(10_000);
    expect(mostOpen).toBe(1);
    expect(events.filter(({ kind }) => kind === 'rotated')).toHaveLength(3);
  }, 60_000);
});

describe('1,000,000 distinct unknown kids', () => {
  const count = 1_000_000;
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  type Insertion = (this: unknown, ...values: unknown[]) => unknown;
  const collections = [
    [Map.prototype, 'set'],
    [WeakMap.prototype, 'set'],
    [Set.prototype, 'add'],
    [WeakSet.prototype, 'add'],
    [Array.prototype, 'push'],
  ] as unknown as readonly (readonly [prototype: Record<string, Insertion>, name: string])[];

  /** Counts what is put into collections, by whomever. */
  function countingInsertions(): { inserted: () => number; restore: () => void } {
    let inserted = 0;
    const restorers = collections.map(([prototype, name]) => {
      const original = prototype[name] as Insertion;
      prototype[name] = function (this: unknown, ...values: unknown[]) {
        inserted += 1;
        return original.apply(this, values);
      };
      return () => {
        prototype[name] = original;
      };
    });
    return {
      inserted: () => inserted,
      restore: () => {
        for (const restore of restorers) restore();
      },
    };
  }

  it('leave memory where it was: nothing is kept of them', async () => {
    const clock = fixedClock(nowSeconds);
    const set = keySetFrom({ keys: [publicJwk(await generateJwk('P-256', { kid: 'k1' }))] }) as KeySet;
    let fetches = 0;
    let refused = 0;
    const source = remoteKeys({
      issuer: 'https://as.example',
      policy: defaultKeyPolicy,
      clock,
      load: () => {
        fetches += 1;
        return Promise.resolve(set);
      },
      onEvent: ({ kind }) => (refused += kind === 'unknown-kid-refused' ? 1 : 0),
    });
    await source.ready();
    const sampled: WeakRef<object>[] = [];

    const askFor = async (first: number, last: number) => {
      for (let at = first; at < last; at++) {
        const query = { alg: 'ES256', kid: `made-up-${String(at)}-${'x'.repeat(at % 64)}` } as const;
        if (at % 1000 === 0) sampled[at / 1000] = new WeakRef(query);
        const found = await source.find(query);
        if (found.length > 0) throw new Error('a made-up kid was found');
        clock.advanceSeconds(0.001);
      }
    };
    const heapAfterCollection = async () => {
      // What a WeakRef has named stays until the end of the job.
      await setTimeout(1);
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };

    // Once around, so that compiled code and the like are there before the measurement.
    await askFor(0, 20_000);
    const before = await heapAfterCollection();
    const insertions = countingInsertions();
    await askFor(20_000, count + 20_000);
    insertions.restore();
    const after = await heapAfterCollection();

    const stillThere = sampled.filter((reference) => reference.deref() !== undefined).length;
    const mebibytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
    print(`heap before ${mebibytes(before)} MiB, after ${mebibytes(after)} MiB, fetches ${String(fetches)}`);
    print(
      `insertions into collections ${String(insertions.inserted())}, sampled queries alive ${String(stillThere)}`,
    );
    expect(refused).toBe(count + 20_000);
    // 1,020 seconds have passed: the first fetch, six at once, one in ten seconds, and none beyond.
    expect(fetches).toBeLessThanOrEqual(1 + 6 + 102 + 4);
    // Each fetch arranges its few keys anew; a kid adds nothing anywhere.
    expect(insertions.inserted()).toBeLessThan(20 * fetches);
    expect(stillThere).toBe(0);
    // A collection of a million such texts takes more than ten times that.
    expect(after - before).toBeLessThan(4 * 1024 * 1024);
    expect(await source.find({ alg: 'ES256', kid: 'k1' })).toHaveLength(1);
  }, 60_000);
});
