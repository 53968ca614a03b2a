import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import type { LoadedStatusList } from '../../src/standing/load-status-list.js';
import type { StatusIssuer } from '../../src/standing/status-issuer.js';
import { statusListCache } from '../../src/standing/status-list-cache.js';
import type { StatusListEvent } from '../../src/standing/status-list-event.js';
import { defaultStatusListPolicy, type StatusListPolicy } from '../../src/standing/status-list-policy.js';
import { expectRefusal } from '../support/refusal.js';

type Load = (uri: string, statusIssuer: StatusIssuer) => Promise<LoadedStatusList>;

describe('statusListCache', () => {
  let events: StatusListEvent[];
  const load = jest.fn<Load>();
  const ofSize = (size: number): LoadedStatusList => ({
    list: { bits: 2, bytes: new Uint8Array(size) },
    ttlSeconds: 60,
    expiresAtMs: Infinity,
  });
  const issuer = (identifier: string) => ({ signer: { identifier } }) as unknown as StatusIssuer;
  const first = issuer('https://as.example');
  const second = issuer('https://other.example');

  beforeEach(() => {
    events = [];
    load.mockReset();
    load.mockImplementation(() => Promise.resolve(ofSize(10)));
  });

  const start = (policy: Partial<StatusListPolicy> = {}, onEvent?: (event: StatusListEvent) => void) =>
    statusListCache({
      load,
      policy: { ...defaultStatusListPolicy, ...policy },
      clock: fixedClock(1_800_000_000),
      onEvent: onEvent ?? ((event) => events.push(event)),
    });
  const loads = () => load.mock.calls.map(([uri, { signer }]) => [signer.identifier, uri]);

  it('fetches a list once, and keeps it', async () => {
    const cache = start();
    await cache.find(first, 'a');
    expect(cache.find(first, 'a')).not.toBeInstanceOf(Promise);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('keeps the lists of two issuers apart, though they stand at the same URI', async () => {
    const cache = start();
    await cache.find(first, 'a');
    await cache.find(second, 'a');
    expect(loads()).toEqual([
      ['https://as.example', 'a'],
      ['https://other.example', 'a'],
    ]);
  });

  it('fetches a list anew for an issuer that was made anew', async () => {
    const cache = start();
    await cache.find(first, 'a');
    await cache.find(issuer('https://as.example'), 'a');
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('lets the list go that was asked for longest ago, when there are too many', async () => {
    const cache = start({ maximumLists: 2 });
    await cache.find(first, 'a');
    await cache.find(first, 'b');
    await cache.find(first, 'a');
    await cache.find(first, 'c');
    expect(cache.find(first, 'a')).not.toBeInstanceOf(Promise);
    expect(cache.find(first, 'c')).not.toBeInstanceOf(Promise);
    expect(load).toHaveBeenCalledTimes(3);
    await cache.find(first, 'b');
    expect(load).toHaveBeenCalledTimes(4);
  });

  it('lets lists go when they are too large together, but not the one that has just come', async () => {
    const cache = start({ maximumCachedBytes: 25 });
    for (const uri of ['a', 'b', 'c']) await cache.find(first, uri);
    expect(events.map((event) => event.kind === 'fetched' && [event.cachedLists, event.cachedBytes])).toEqual(
      [
        [1, 10],
        [2, 20],
        [2, 20],
      ],
    );
    load.mockResolvedValue(ofSize(25));
    await cache.find(first, 'large');
    expect(events.at(-1)).toMatchObject({ cachedLists: 1, cachedBytes: 25 });
    expect(cache.find(first, 'large')).not.toBeInstanceOf(Promise);
  });

  it('has no room for another list while as many as it may keep are being fetched', async () => {
    const ends: (() => void)[] = [];
    load.mockImplementation(
      () =>
        new Promise((resolve) => {
          ends.push(() => {
            resolve(ofSize(10));
          });
        }),
    );
    const cache = start({ maximumLists: 2 });
    const ask = async (uri: string) => cache.find(first, uri);
    const underWay = ['a', 'b', 'a'].map(ask);
    const refusal = await expectRefusal(() => cache.find(first, 'c'), 'service.status-unavailable');
    expect(refusal.retryAfterSeconds).toBe(1);
    for (const end of ends) end();
    await Promise.all(underWay);
    load.mockResolvedValue(ofSize(10));
    await expect(cache.find(first, 'c')).resolves.toMatchObject({ bits: 2 });
  });

  it('tells of every fetch what it brought and what is kept', async () => {
    await start().find(first, 'a');
    expect(events).toEqual([
      {
        kind: 'fetched',
        issuer: 'https://as.example',
        uri: 'a',
        statuses: 40,
        keptForSeconds: 60,
        cachedLists: 1,
        cachedBytes: 10,
      },
    ]);
  });

  it('tells of every failure', async () => {
    const error = new Error('out of order');
    load.mockRejectedValue(error);
    await expectRefusal(() => start().find(first, 'a'), 'service.status-unavailable');
    expect(events).toEqual([
      { kind: 'fetch-failed', issuer: 'https://as.example', uri: 'a', error, retryInMs: 1000 },
    ]);
  });

  it('goes on whatever the listener does', async () => {
    const cache = start({}, () => {
      throw new Error('of the listener');
    });
    await expect(cache.find(first, 'a')).resolves.toMatchObject({ bits: 2 });
  });
});
