import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fixedClock, type FixedClock } from '@assay/testing';
import { AssayError } from '../../src/assay-error.js';
import type { LoadedStatusList } from '../../src/standing/load-status-list.js';
import { remoteStatusList, type FetchOutcome } from '../../src/standing/remote-status-list.js';
import { defaultStatusListPolicy, type StatusListPolicy } from '../../src/standing/status-list-policy.js';
import { thrownBy } from '../support/refusal.js';

const startMs = 1_800_000_000_000;

describe('remoteStatusList', () => {
  let clock: FixedClock;
  let outcomes: FetchOutcome[];
  const load = jest.fn<() => Promise<LoadedStatusList>>();
  const outage = new Error('out of order');

  /** A list whose first byte says which one it is. */
  const loaded = (which: number, changes: Partial<LoadedStatusList> = {}): LoadedStatusList => ({
    list: { bits: 8, bytes: Uint8Array.of(which) },
    ttlSeconds: 100,
    expiresAtMs: Infinity,
    ...changes,
  });

  beforeEach(() => {
    clock = fixedClock(startMs / 1000);
    outcomes = [];
    load.mockReset();
    load.mockImplementation(() => Promise.resolve(loaded(1)));
  });

  const start = (policy: Partial<StatusListPolicy> = {}) =>
    remoteStatusList({
      load,
      policy: { ...defaultStatusListPolicy, ...policy },
      clock,
      onOutcome: (outcome) => outcomes.push(outcome),
    });
  type Remote = ReturnType<typeof start>;
  const which = async (remote: Remote) => (await remote.find()).bytes[0];
  /** Which list is answered at once, without a promise. */
  const atOnce = (remote: Remote) => {
    const answer = remote.find();
    expect(answer).not.toBeInstanceOf(Promise);
    return 'bytes' in answer ? answer.bytes[0] : undefined;
  };
  /** Lets everything that is under way and can end, end. */
  const settle = () => new Promise(setImmediate);

  async function expectFailure(
    remote: Remote,
    code: string,
    retryAfterSeconds?: number,
  ): Promise<AssayError> {
    const error = await thrownBy(() => remote.find());
    expect(error).toBeInstanceOf(AssayError);
    expect(error).toMatchObject({ code, retryAfterSeconds });
    return error as AssayError;
  }

  it('fetches nothing before it is asked, and once for everybody who asks at the same time', async () => {
    const remote = start();
    await settle();
    expect(load).not.toHaveBeenCalled();
    expect(remote.isBusy()).toBe(false);
    const answers = Array.from({ length: 1000 }, () => which(remote));
    expect(remote.isBusy()).toBe(true);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([1]));
    expect(remote.isBusy()).toBe(false);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('answers at once from then on, and says how much it holds', async () => {
    const remote = start();
    expect(remote.heldBytes()).toBe(0);
    await which(remote);
    expect(atOnce(remote)).toBe(1);
    expect(remote.heldBytes()).toBe(1);
    expect(outcomes).toEqual([{ list: loaded(1).list, keptForSeconds: 100 }]);
  });

  it('renews the list from three quarters of its life on, and nobody waits', async () => {
    const remote = start();
    await which(remote);
    load.mockResolvedValue(loaded(2));
    clock.advanceSeconds(74.999);
    expect(atOnce(remote)).toBe(1);
    expect(load).toHaveBeenCalledTimes(1);
    clock.advanceSeconds(0.001);
    expect(atOnce(remote)).toBe(1);
    expect(load).toHaveBeenCalledTimes(2);
    await settle();
    expect(atOnce(remote)).toBe(2);
  });

  it('waits for a new list when the old one has reached its age', async () => {
    const remote = start();
    await which(remote);
    load.mockResolvedValue(loaded(2));
    clock.advanceSeconds(100);
    expect(remote.find()).toBeInstanceOf(Promise);
    expect(await which(remote)).toBe(2);
  });

  it('keeps a good list through a failure, up to its age and no longer', async () => {
    const remote = start();
    await which(remote);
    load.mockRejectedValue(outage);
    clock.advanceSeconds(75);
    expect(atOnce(remote)).toBe(1);
    await settle();
    clock.advanceSeconds(24.999);
    expect(atOnce(remote)).toBe(1);
    await settle();
    clock.advanceSeconds(0.001);
    // The second failure is waited for twice as long as the first.
    const error = await expectFailure(remote, 'service.status-unavailable', 2);
    expect(error.cause).toBe(outage);
  });

  it('uses an old list for as long as the policy says when there is no other', async () => {
    const remote = start({ staleIfErrorSeconds: 50 });
    await which(remote);
    load.mockRejectedValue(outage);
    clock.advanceSeconds(100);
    expect(await which(remote)).toBe(1);
    clock.advanceSeconds(49.999);
    // That the other side is down is known by now: nobody waits.
    expect(atOnce(remote)).toBe(1);
    await settle();
    clock.advanceSeconds(0.001);
    await expectFailure(remote, 'service.status-unavailable', 2);
  });

  it('never uses a list from its end on, whatever the policy says', async () => {
    load.mockResolvedValue(loaded(1, { expiresAtMs: startMs + 60_000 }));
    const remote = start({ staleIfErrorSeconds: 3600 });
    await which(remote);
    load.mockRejectedValue(outage);
    clock.advanceSeconds(59.999);
    expect(atOnce(remote)).toBe(1);
    clock.advanceSeconds(0.001);
    await expectFailure(remote, 'service.status-unavailable', 1);
  });

  it('fetches lists that expire at once no more often than once a second', async () => {
    const expiresIn = (ms: number) => () => Promise.resolve(loaded(1, { expiresAtMs: clock.nowMs() + ms }));
    load.mockImplementation(expiresIn(1));
    const remote = start();
    expect(await which(remote)).toBe(1);
    clock.advanceSeconds(0.5);
    await expectFailure(remote, 'service.status-unavailable', 1);
    expect(load).toHaveBeenCalledTimes(1);
    clock.advanceSeconds(0.5);
    expect(await which(remote)).toBe(1);
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('refuses a list that has come to its end when it arrives', async () => {
    load.mockResolvedValue(loaded(1, { expiresAtMs: startMs }));
    await expectFailure(start(), 'service.status-unavailable', 1);
  });

  it.each([
    ['a ttl within the bounds', 60, 60],
    ['a ttl below them', 1, 10],
    ['a ttl above them', 315_360_000, 3600],
    ['no ttl', undefined, 300],
  ])('keeps a list with %s for %p → %i seconds', async (_what, ttlSeconds, keptForSeconds) => {
    load.mockResolvedValue(loaded(1, { ttlSeconds }));
    await which(start());
    expect(outcomes).toEqual([expect.objectContaining({ keptForSeconds })]);
  });

  it('waits longer after each failure, up to a minute', async () => {
    load.mockRejectedValue(outage);
    const remote = start();
    await expectFailure(remote, 'service.status-unavailable', 1);
    clock.advanceSeconds(0.999);
    await expectFailure(remote, 'service.status-unavailable', 1);
    expect(load).toHaveBeenCalledTimes(1);
    for (const waitSeconds of [2, 4, 8, 16, 32, 60, 60]) {
      clock.advanceSeconds(60);
      await expectFailure(remote, 'service.status-unavailable', waitSeconds);
    }
    expect(load).toHaveBeenCalledTimes(8);
    expect(outcomes.map((outcome) => 'retryInMs' in outcome && outcome.retryInMs)).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
    ]);
  });

  it('refuses the token where the list that came is no good, and tells everybody the same', async () => {
    const refusal = new AssayError('token.signature-invalid', { claim: 'alg', reason: 'mismatch' });
    load.mockRejectedValue(refusal);
    const remote = start();
    const first = await expectFailure(remote, 'token.status-list-refused');
    expect(first).toMatchObject({ claim: 'alg', reason: 'mismatch', cause: refusal });
    const second = await expectFailure(remote, 'token.status-list-refused');
    expect(second).not.toBe(first);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('cannot tell where the keys for the list could not be had', async () => {
    const cause = new AssayError('service.keys-unavailable', { retryAfterSeconds: 30 });
    load.mockRejectedValue(cause);
    expect((await expectFailure(start(), 'service.status-unavailable', 1)).cause).toBe(cause);
  });

  it('cannot tell where something else went wrong', async () => {
    load.mockImplementation(() => {
      throw new TypeError('a mistake of our own');
    });
    await expectFailure(start(), 'service.status-unavailable', 1);
  });

  it('takes a clock that was set back for age', async () => {
    const remote = start();
    await which(remote);
    load.mockResolvedValue(loaded(2));
    clock.advanceSeconds(-100);
    expect(await which(remote)).toBe(2);
  });
});
