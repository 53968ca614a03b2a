import type { RequestListener } from 'node:http';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  isAssayError,
  type AccessTokenOptions,
  type KeyEvent,
  type ResourceServer,
} from '@assay/core';
import { createTestIssuer, fixedClock, publicJwk, type FixedClock, type TestIssuer } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';
import { startRemoteKeyApi } from '../support/remote-key-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

/** The documented lifetime of a set: its age, and how long it is used beyond that while there is no newer one. */
const maximumAgeSeconds = 600;
const staleIfErrorSeconds = 3600;

describe('keys that cannot be had', () => {
  const row = '[design-keys-unavailable]';

  it(`${row} are a 503 where they were never loaded and the server answers with an error`, async () => {
    const api = await startRemoteKeyApi();
    api.server.serveRaw('/jwks', { status: 500 });
    await expectKeysUnavailable(api, api.builder.accessToken());
  });

  it(`${row} are a 503 where they were never loaded and nobody listens`, async () => {
    const api = await startRemoteKeyApi();
    await closeDocumentServers();
    await expectKeysUnavailable(api, api.builder.accessToken());
  });

  it(`${row} are a 503 where the last set is past its hard expiry, and no earlier`, async () => {
    const api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    api.server.serveRaw('/jwks', { status: 500 });
    api.clock.advanceSeconds(maximumAgeSeconds + staleIfErrorSeconds - 1);
    await expectAccepted(api, api.builder.accessToken());
    api.clock.advanceSeconds(1);
    await expectKeysUnavailable(api, api.builder.accessToken());
  });

  it(`${row} say when a retry makes sense, and are no 503 any more when they can be had`, async () => {
    const api = await startRemoteKeyApi();
    api.server.serveRaw('/jwks', { status: 500 });
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const { headers } = await api.sendToken(api.builder.accessToken());
      expect(headers['retry-after']).toEqual([String(seconds)]);
      api.clock.advanceSeconds(seconds);
    }
    api.server.serve('/jwks', { keys: [publicJwk(api.key)] });
    await expectAccepted(api, api.builder.accessToken());
  });
});

describe('keys that were withdrawn', () => {
  const row = '[attack-17-removed-keys-stay-trusted]';

  it(`${row} verify nothing once the set has reached its age`, async () => {
    const api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    api.server.serve('/jwks', { keys: [publicJwk(await generateJwk('P-256', { kid: 'k2' }))] });
    api.clock.advanceSeconds(maximumAgeSeconds);
    await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
    expect(api.eventsOf('rotated')[0]).toMatchObject({ added: ['k2'], removed: ['k1'] });
  });

  it(`${row} verify nothing from the moment at which any document that dropped them arrives`, async () => {
    const api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    const next = await generateJwk('P-256', { kid: 'k2', alg: 'ES256' });
    api.server.serve('/jwks', { keys: [publicJwk(next)] });
    await expectAccepted(api, api.tokenBy(next));
    await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
  });

  it(`${row} are trusted no longer than the hard end while the server is down`, async () => {
    const api = await startRemoteKeyApi(undefined, {
      keyPolicy: { maximumAgeSeconds: 10, staleIfErrorSeconds: 20 },
    });
    await expectAccepted(api, api.builder.accessToken());
    api.server.serveRaw('/jwks', { status: 503 });
    api.clock.advanceSeconds(29.999);
    await expectAccepted(api, api.builder.accessToken());
    api.clock.advanceSeconds(0.001);
    await expectKeysUnavailable(api, api.builder.accessToken());
  });

  it(`${row} are trusted no longer than a day past their age, whatever is configured`, () => {
    const withStale = (staleIfErrorSeconds: number) => () =>
      createResourceServer({
        issuer: 'https://as.example',
        audience: 'https://api.example',
        keyPolicy: { staleIfErrorSeconds },
      });
    expect(withStale(86_400)).not.toThrow();
    expect(withStale(86_401)).toThrow('keyPolicy.staleIfErrorSeconds: it is not a number from 0 to 86400');
  });
});

describe('refreshes', () => {
  const row = '[design-jwks-refresh]';
  const attack = '[attack-08-unknown-kid-flood]';
  let issuer: TestIssuer;
  let clock: FixedClock;
  let events: KeyEvent[];

  beforeEach(async () => {
    clock = fixedClock(nowSeconds);
    events = [];
    issuer = await createTestIssuer({ clock });
  });
  afterEach(() => issuer.close());

  const start = (options: Partial<AccessTokenOptions> = {}) =>
    createResourceServer({ ...issuer.options, onKeyEvent: (event) => events.push(event), ...options });
  const keyFetches = () => issuer.requests.filter((path) => path === '/jwks').length;
  const outcomeOf = (api: ResourceServer, token: string) =>
    api.authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } }).then(
      () => 'accepted',
      (error: unknown) => (isAssayError(error) ? error.code : String(error)),
    );
  let made = 0;
  const tokenOfUnknownKid = () =>
    issuer.accessToken({}, { header: { kid: `unknown-${String((made += 1))}` } });
  const flood = (api: ResourceServer, count: number) =>
    Promise.all(Array.from({ length: count }, () => outcomeOf(api, tokenOfUnknownKid())));

  it(`${row} ${attack} are one for 1000 parallel requests with unknown kids`, async () => {
    const api = start();
    await api.ready();
    expect(keyFetches()).toBe(1);
    expect(new Set(await flood(api, 1000))).toEqual(new Set(['token.key-unknown']));
    expect(keyFetches()).toBe(2);
  });

  it(`${row} are two at most for 1000 parallel requests with unknown kids before anything is loaded`, async () => {
    const api = start();
    expect(new Set(await flood(api, 1000))).toEqual(new Set(['token.key-unknown']));
    // Those that came while the first was under way cannot be told by it what was published since.
    expect(keyFetches()).toBe(2);
  });

  it(`${row} ${attack} are six a minute and a second apart during a flood, and never two at once`, async () => {
    let open = 0;
    let mostOpen = 0;
    const api = start({
      fetch: async (url, init) => {
        mostOpen = Math.max(mostOpen, (open += 1));
        return fetch(url, init).finally(() => (open -= 1));
      },
    });
    await api.ready();
    const fetchedAt: number[] = [];
    for (let tenth = 0; tenth < 1800; tenth++) {
      const before = keyFetches();
      await flood(api, 2);
      if (keyFetches() > before) fetchedAt.push(tenth / 10);
      clock.advanceSeconds(0.1);
    }
    // Six at once as far as the spacing allows, then one in ten seconds.
    expect(fetchedAt).toEqual([
      0, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170,
    ]);
    expect(mostOpen).toBe(1);
    expect(events.filter((event) => event.kind === 'unknown-kid-refused')).toHaveLength(3600);
  });

  it(`${row} bring a rotated key within one fetch when idle`, async () => {
    const api = start();
    await api.ready();
    await issuer.rotate();
    expect(await outcomeOf(api, issuer.accessToken())).toBe('accepted');
    expect(keyFetches()).toBe(2);
    expect(events.map(({ kind }) => kind)).toEqual(['fetched', 'fetched', 'rotated']);
  });

  it(`${row} bring a rotated key even where a fetch from before the rotation is under way`, async () => {
    let answerFirst: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answerFirst = resolve));
    let fetches = 0;
    const api = start({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        fetches += 1;
        // The second answer of the key set was written before the rotation, and arrives after it.
        if (fetches === 3) await held;
        return response;
      },
    });
    await api.ready();
    const earlier = outcomeOf(api, tokenOfUnknownKid());
    while (keyFetches() < 2) await new Promise(setImmediate);
    await issuer.rotate();
    const rotated = outcomeOf(api, issuer.accessToken());
    clock.advanceSeconds(1);
    answerFirst();
    expect(await earlier).toBe('token.key-unknown');
    expect(await rotated).toBe('accepted');
    expect(keyFetches()).toBe(3);
  });

  it(`${row} ${attack} bring a rotated key within 15 s in the middle of a continuing flood`, async () => {
    const api = start();
    await api.ready();
    const before = issuer.accessToken();
    const seconds: number[] = [];
    for (let second = 0; second < 180; second++) {
      if (second === 60) await issuer.rotate();
      await flood(api, 10);
      if (second >= 60 && (await outcomeOf(api, issuer.accessToken())) === 'accepted') seconds.push(second);
      expect(await outcomeOf(api, before)).toBe('accepted');
      await flood(api, 10);
      clock.advanceSeconds(1);
    }
    expect(seconds[0]).toBeLessThan(60 + 15);
    // From then on, at every second.
    expect(seconds).toHaveLength(180 - (seconds[0] ?? 0));
    expect(keyFetches()).toBeLessThanOrEqual(1 + 6 + 18);
  });

  it(`${row} ${attack} never delay known kids: those are answered while a fetch hangs`, async () => {
    const hang: RequestListener = () => undefined;
    const api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    api.server.serve('/jwks', hang);
    const unknown = api.sendToken(api.builder.accessToken({}, { header: { kid: 'unknown' } }));
    while (api.server.requests.length < 3) await new Promise(setImmediate);
    let unknownIsAnswered = false;
    void unknown.then(() => (unknownIsAnswered = true));
    for (let count = 0; count < 20; count++) {
      expect((await api.sendToken(api.builder.accessToken())).status).toBe(200);
    }
    expect(unknownIsAnswered).toBe(false);
    await closeDocumentServers();
    expect((await unknown).status).toBe(503);
  });

  it(`${attack} never clear good keys by failing`, async () => {
    const api = start();
    const good = issuer.accessToken();
    expect(await outcomeOf(api, good)).toBe('accepted');
    for (const behaviour of [
      { status: 500 },
      { status: 404 },
      { body: '{}' },
      { body: 'rubbish' },
    ] as const) {
      issuer.behave(behaviour);
      clock.advanceSeconds(60);
      const outcomes = new Set(await flood(api, 100));
      expect(outcomes).toEqual(new Set(['service.keys-unavailable']));
      expect(await outcomeOf(api, good)).toBe('accepted');
    }
    expect(events.filter(({ kind }) => kind === 'fetch-failed').length).toBeGreaterThanOrEqual(4);
  });
});
