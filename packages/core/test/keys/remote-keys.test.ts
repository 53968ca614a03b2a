import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Jwk } from '@assay/core';
import { fixedClock, type FixedClock } from '@assay/testing';
import { AssayError } from '../../src/assay-error.js';
import { defaultKeyPolicy, type KeyPolicy } from '../../src/keys/key-policy.js';
import type { KeySet } from '../../src/keys/key-set.js';
import type { KeyEvent, KeySource } from '../../src/keys/key-source.js';
import { remoteKeys } from '../../src/keys/remote-keys.js';
import type { VerificationKey } from '../../src/keys/verification-key.js';
import { thrownBy } from '../support/refusal.js';
import { keySetOf, publicKey } from './support/key-set-of.js';

/** What a load does: it gives a set, fails, or waits until the test says what. */
type Load = () => Promise<KeySet>;

describe('remoteKeys', () => {
  let first: Jwk;
  let second: Jwk;
  let clock: FixedClock;
  let events: KeyEvent[];
  const load = jest.fn<Load>();
  const outage = new Error('out of order');

  beforeAll(async () => {
    [first, second] = await Promise.all([publicKey('k1'), publicKey('k2')]);
  });
  beforeEach(() => {
    clock = fixedClock(1_800_000_000);
    events = [];
    load.mockReset();
    load.mockImplementation(() => Promise.resolve(keySetOf(first)));
  });

  const start = (policy: Partial<KeyPolicy> = {}) =>
    remoteKeys({
      issuer: 'https://as.example',
      load,
      policy: { ...defaultKeyPolicy, ...policy },
      clock,
      onEvent: (event) => events.push(event),
    });
  const find = (source: KeySource, kid: string | undefined = 'k1') => source.find({ alg: 'ES256', kid });
  /** The kids of an answer that has to come at once. */
  const atOnce = (answer: ReturnType<KeySource['find']>) => {
    expect(answer).not.toBeInstanceOf(Promise);
    return (answer as readonly VerificationKey[]).map(({ kid }) => kid);
  };
  const kidsOf = async (answer: ReturnType<KeySource['find']>) => (await answer).map(({ kid }) => kid);
  /** Lets everything that is under way and can end, end. */
  const settle = () => new Promise(setImmediate);

  async function expectUnavailable(call: () => unknown, retryAfterSeconds: number): Promise<void> {
    const error = await thrownBy(call);
    expect(error).toBeInstanceOf(AssayError);
    expect(error).toMatchObject({ code: 'service.keys-unavailable', retryAfterSeconds, cause: outage });
  }

  /** A load that ends when the test says so. */
  function heldLoad() {
    const held: { end: (set: KeySet) => void; fail: (error: unknown) => void } = {
      end: () => undefined,
      fail: () => undefined,
    };
    load.mockImplementationOnce(
      () =>
        new Promise((resolve, reject) => {
          held.end = resolve;
          held.fail = reject;
        }),
    );
    return held;
  }

  describe('the first time', () => {
    it('fetches nothing before it is asked', async () => {
      start();
      await settle();
      expect(load).not.toHaveBeenCalled();
    });

    it('fetches once for everybody who asks at the same time', async () => {
      const source = start();
      const answers = await Promise.all(Array.from({ length: 1000 }, () => kidsOf(find(source))));
      expect(new Set(answers.flat())).toEqual(new Set(['k1']));
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('answers at once from then on, without a promise and with the very same list', async () => {
      const source = start();
      await source.ready();
      expect(atOnce(find(source))).toEqual(['k1']);
      expect(find(source)).toBe(find(source));
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('is unavailable where the fetch fails, and fetches no more until the retry is due', async () => {
      load.mockRejectedValue(outage);
      const source = start();
      await expectUnavailable(() => find(source), 1);
      clock.advanceSeconds(0.999);
      await expectUnavailable(() => find(source), 1);
      expect(load).toHaveBeenCalledTimes(1);
      clock.advanceSeconds(0.001);
      await expectUnavailable(() => find(source), 2);
      expect(load).toHaveBeenCalledTimes(2);
    });

    it('is unavailable where the loader throws instead of rejecting', async () => {
      load.mockImplementation(() => {
        throw outage;
      });
      await expectUnavailable(() => find(start()), 1);
    });

    it('forgets the back-off with the first success', async () => {
      load.mockRejectedValueOnce(outage).mockRejectedValueOnce(outage);
      const source = start();
      await expectUnavailable(() => find(source), 1);
      clock.advanceSeconds(1);
      await expectUnavailable(() => find(source), 2);
      clock.advanceSeconds(2);
      expect(await kidsOf(find(source))).toEqual(['k1']);
      load.mockRejectedValue(outage);
      clock.advanceSeconds(600 + 3600);
      await expectUnavailable(() => find(source), 1);
    });
  });

  describe('ready', () => {
    it('fetches, and does so once however often it is called', async () => {
      const source = start();
      await Promise.all([source.ready(), source.ready()]);
      await source.ready();
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('rejects while the keys cannot be had, and backs off like everybody', async () => {
      load.mockRejectedValue(outage);
      const source = start();
      await expectUnavailable(() => source.ready(), 1);
      await expectUnavailable(() => source.ready(), 1);
      expect(load).toHaveBeenCalledTimes(1);
    });
  });

  describe('a set that grows old', () => {
    it('is not fetched again before it is due', async () => {
      const source = start();
      await source.ready();
      clock.advanceSeconds(299.999);
      expect(atOnce(find(source))).toEqual(['k1']);
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('is fetched ahead by a request that is answered at once, and by one alone', async () => {
      const source = start();
      await source.ready();
      const held = heldLoad();
      clock.advanceSeconds(300);
      for (let count = 0; count < 100; count++) expect(atOnce(find(source))).toEqual(['k1']);
      expect(load).toHaveBeenCalledTimes(2);
      held.end(keySetOf(second));
      await settle();
      expect(atOnce(find(source, 'k2'))).toEqual(['k2']);
    });

    it('is never fetched by a timer', async () => {
      jest.useFakeTimers();
      const source = start();
      await source.ready();
      clock.advanceSeconds(100_000);
      expect(jest.getTimerCount()).toBe(0);
      await jest.advanceTimersByTimeAsync(100_000_000);
      jest.useRealTimers();
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('is still answered from one millisecond before its age, and waited for at it', async () => {
      const source = start({ refreshAfterSeconds: 600 });
      await source.ready();
      clock.advanceSeconds(599.999);
      expect(atOnce(find(source))).toEqual(['k1']);
      load.mockImplementation(() => Promise.resolve(keySetOf(second)));
      clock.advanceSeconds(0.001);
      const [gone, come] = await Promise.all([find(source, 'k1'), find(source, 'k2')]);
      expect(gone).toEqual([]);
      expect(come).toHaveLength(1);
    });

    it('loses a key as soon as a set without it arrives, in the background too', async () => {
      const source = start();
      await source.ready();
      load.mockImplementation(() => Promise.resolve(keySetOf(second)));
      clock.advanceSeconds(300);
      expect(atOnce(find(source))).toEqual(['k1']);
      await settle();
      expect(await kidsOf(find(source))).toEqual([]);
      expect(atOnce(find(source, 'k2'))).toEqual(['k2']);
    });

    it('keeps the objects of keys that stay the same, and only those', async () => {
      const source = start();
      await source.ready();
      const [before] = await find(source);
      load.mockImplementation(() => Promise.resolve(keySetOf(second, { ...first })));
      clock.advanceSeconds(600);
      const [same] = await find(source);
      expect(same).toBe(before);
      load.mockImplementation(() => Promise.resolve(keySetOf({ ...second, kid: 'k1' })));
      clock.advanceSeconds(600);
      const [other] = await find(source);
      expect(other?.kid).toBe('k1');
      expect(other).not.toBe(before);
    });
  });

  describe('while the other side is down', () => {
    it('answers from the last good set, at once, until the hard end', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(300);
      // Nobody but the first to find the set too old has to wait for a failure.
      for (let second = 300; second < 600 + 3600; second++) {
        expect(atOnce(find(source))).toEqual(['k1']);
        await settle();
        clock.advanceSeconds(1);
      }
      expect(await thrownBy(() => find(source))).toMatchObject({ code: 'service.keys-unavailable' });
    });

    it('waits for the first failure of an outage alone', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(600);
      expect(await kidsOf(find(source))).toEqual(['k1']);
      // The retry is due, and the outage is known: it is tried in the background.
      heldLoad();
      clock.advanceSeconds(1);
      expect(atOnce(find(source))).toEqual(['k1']);
      expect(load).toHaveBeenCalledTimes(3);
    });

    it('waits again where the last failure was long ago, so that a withdrawn key is not let pass', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValueOnce(outage);
      clock.advanceSeconds(600);
      expect(await kidsOf(find(source))).toEqual(['k1']);
      load.mockImplementation(() => Promise.resolve(keySetOf(second)));
      clock.advanceSeconds(1 + 60);
      expect(await kidsOf(find(source))).toEqual([]);
    });

    it('fetches no more often than the back-off allows', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(600);
      const attempts: number[] = [];
      for (let second = 0; second < 300; second++) {
        const before = load.mock.calls.length;
        await find(source);
        await settle();
        if (load.mock.calls.length > before) attempts.push(second);
        clock.advanceSeconds(1);
      }
      expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    });

    it('fetches no more often ahead of the age of the set, either', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(300);
      for (const fetchesBy of [2, 2, 3, 3, 3, 3]) {
        expect(atOnce(find(source))).toEqual(['k1']);
        await settle();
        expect(load).toHaveBeenCalledTimes(fetchesBy);
        clock.advanceSeconds(0.5);
      }
    });

    it('is unavailable at the hard end and not a millisecond before', async () => {
      const source = start({ staleIfErrorSeconds: 10 });
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(609.999);
      expect(await kidsOf(find(source))).toEqual(['k1']);
      clock.advanceSeconds(0.001);
      await expectUnavailable(() => find(source), 1);
    });

    it('is unavailable at the age of the set where nothing stale is allowed', async () => {
      const source = start({ staleIfErrorSeconds: 0 });
      await source.ready();
      load.mockRejectedValue(outage);
      clock.advanceSeconds(599.999);
      expect(atOnce(find(source))).toEqual(['k1']);
      clock.advanceSeconds(0.001);
      await expectUnavailable(() => find(source), 1);
    });
  });

  describe('an unknown kid', () => {
    it('is refused after one fetch that succeeded', async () => {
      const source = start();
      await source.ready();
      expect(await find(source, 'unknown')).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
      expect(events.at(-1)).toEqual({
        kind: 'unknown-kid-refused',
        issuer: 'https://as.example',
        budgetSpent: false,
      });
    });

    it('is found where the fetch brings it', async () => {
      const source = start();
      await source.ready();
      load.mockImplementation(() => Promise.resolve(keySetOf(first, second)));
      expect(await kidsOf(find(source, 'k2'))).toEqual(['k2']);
      expect(load).toHaveBeenCalledTimes(2);
    });

    it('is refused without a fetch where the budget is spent', async () => {
      const source = start();
      await source.ready();
      await find(source, 'unknown-1');
      expect(await find(source, 'unknown-2')).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
      expect(events.at(-1)).toMatchObject({ kind: 'unknown-kid-refused', budgetSpent: true });
    });

    it('is unavailable where the fetch fails, while it backs off, and where the budget is spent after a failure', async () => {
      const source = start({ unknownKidFetchesPerMinute: 1 });
      await source.ready();
      load.mockRejectedValue(outage);
      await expectUnavailable(() => find(source, 'unknown'), 1);
      await expectUnavailable(() => find(source, 'unknown'), 1);
      expect(load).toHaveBeenCalledTimes(2);
      clock.advanceSeconds(5);
      await expectUnavailable(() => find(source, 'unknown'), 1);
      expect(load).toHaveBeenCalledTimes(2);
      expect(events.map(({ kind }) => kind)).not.toContain('unknown-kid-refused');
    });

    it('causes no fetch while the last failure backs off, though the budget would allow it', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValue(outage);
      await expectUnavailable(() => find(source, 'unknown'), 1);
      clock.advanceSeconds(1);
      await expectUnavailable(() => find(source, 'unknown'), 2);
      expect(load).toHaveBeenCalledTimes(3);
      clock.advanceSeconds(1);
      await expectUnavailable(() => find(source, 'unknown'), 1);
      expect(load).toHaveBeenCalledTimes(3);
      clock.advanceSeconds(1);
      await expectUnavailable(() => find(source, 'unknown'), 4);
      expect(load).toHaveBeenCalledTimes(4);
    });

    it('leaves the answers for known kids as they are, whatever becomes of the fetch', async () => {
      const source = start();
      await source.ready();
      const held = heldLoad();
      const unknown = thrownBy(() => find(source, 'unknown'));
      expect(atOnce(find(source))).toEqual(['k1']);
      held.fail(outage);
      expect(await unknown).toMatchObject({ code: 'service.keys-unavailable' });
      expect(atOnce(find(source))).toEqual(['k1']);
    });

    it('is not looked for where the kid is known and serves another algorithm', async () => {
      const source = start();
      await source.ready();
      expect(source.find({ alg: 'RS256', kid: 'k1' })).toEqual([]);
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('joins a fetch that is under way, and is told by one that began after the question', async () => {
      const source = start();
      await source.ready();
      const beforeRotation = heldLoad();
      clock.advanceSeconds(300);
      expect(atOnce(find(source))).toEqual(['k1']);
      const question = kidsOf(find(source, 'k2'));
      expect(load).toHaveBeenCalledTimes(2);
      load.mockImplementation(() => Promise.resolve(keySetOf(first, second)));
      beforeRotation.end(keySetOf(first));
      expect(await question).toEqual(['k2']);
      expect(load).toHaveBeenCalledTimes(3);
    });

    it('is told by the fetch that its own question started, and by no other', async () => {
      const source = start();
      await source.ready();
      clock.advanceSeconds(300);
      // The question finds the set due for a refresh, and starts it.
      expect(await find(source, 'unknown')).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
    });

    it('costs one fetch of the budget however many ask', async () => {
      const source = start();
      await source.ready();
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, at) => kidsOf(find(source, `unknown-${String(at)}`))),
      );
      expect(answers.flat()).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
    });
  });

  describe('a token without kid', () => {
    it('gets the fitting keys', async () => {
      const source = start();
      await source.ready();
      expect(atOnce(source.find({ alg: 'ES256', kid: undefined }))).toEqual(['k1']);
    });

    it('makes the source look again where no key fits', async () => {
      const source = start();
      await source.ready();
      expect(await source.find({ alg: 'ES384', kid: undefined })).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
      expect(await source.find({ alg: 'ES384', kid: undefined })).toEqual([]);
      expect(load).toHaveBeenCalledTimes(2);
    });
  });

  describe('a clock that is set back', () => {
    it('by a little leaves the set as it is', async () => {
      const source = start();
      await source.ready();
      clock.advanceSeconds(-5);
      expect(atOnce(find(source))).toEqual(['k1']);
      expect(load).toHaveBeenCalledTimes(1);
    });

    it('by more than the age makes the source look again', async () => {
      const source = start();
      await source.ready();
      load.mockImplementation(() => Promise.resolve(keySetOf(second)));
      clock.advanceSeconds(-3600);
      expect(await kidsOf(find(source))).toEqual([]);
    });

    it('ends a back-off', async () => {
      load.mockRejectedValueOnce(outage);
      const source = start();
      await expectUnavailable(() => find(source), 1);
      clock.advanceSeconds(-3600);
      expect(await kidsOf(find(source))).toEqual(['k1']);
    });
  });

  describe('events', () => {
    it('tell of fetches, failures and rotations', async () => {
      const source = start();
      await source.ready();
      load.mockRejectedValueOnce(outage);
      clock.advanceSeconds(600);
      await find(source);
      load.mockImplementation(() => Promise.resolve(keySetOf(second, null)));
      clock.advanceSeconds(600);
      await find(source);
      const issuer = 'https://as.example';
      expect(events).toEqual([
        { kind: 'fetched', issuer, keys: 1, skipped: [], warnings: [] },
        { kind: 'fetch-failed', issuer, error: outage, retryInMs: 1000 },
        { kind: 'fetched', issuer, keys: 1, skipped: ['not a JSON object'], warnings: [] },
        { kind: 'rotated', issuer, added: ['k2'], removed: ['k1'] },
        { kind: 'unknown-kid-refused', issuer, budgetSpent: false },
      ]);
    });

    it.each([
      [
        'throws',
        () => {
          throw new Error('broken listener');
        },
      ],
      ['rejects', () => Promise.reject(new Error('broken listener'))],
    ] as [string, (event: KeyEvent) => unknown][])(
      'change nothing where the listener %s',
      async (_how, onEvent) => {
        const policy = { ...defaultKeyPolicy };
        const source = remoteKeys({
          issuer: 'https://as.example',
          load,
          policy,
          clock,
          onEvent,
        });
        expect(await kidsOf(find(source))).toEqual(['k1']);
        load.mockRejectedValueOnce(outage);
        clock.advanceSeconds(300);
        expect(atOnce(find(source))).toEqual(['k1']);
        await settle();
        clock.advanceSeconds(60);
        expect(await find(source, 'unknown')).toEqual([]);
        expect(load).toHaveBeenCalledTimes(3);
      },
    );
  });
});
