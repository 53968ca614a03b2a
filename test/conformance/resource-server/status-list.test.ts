import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { deflateRawSync, deflateSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, type Claims, type FailureCode } from '@assay/core';
import { fixedClock } from '@assay/testing';
import { closeDocumentServers, startDocumentServer } from '../support/document-server.js';
import {
  expectAccepted,
  expectInvalidToken,
  expectInvalidTokenOffTheWire,
} from '../support/expect-outcome.js';
import { expectUnavailable } from '../support/expect-unavailable.js';
import { generateJwk } from '../support/generate-jwk.js';
import {
  baselineBuilder,
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
} from '../support/protected-api.js';
import {
  listPath,
  listType,
  startStatusListApi,
  type ListVariation,
  type StatusListApi,
} from '../support/status-list-api.js';
import { zerosPacked } from '../support/zeros-packed.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

let api: StatusListApi;
beforeEach(async () => {
  api = await startStatusListApi();
});

/** The list that was served is refused, and so is the token that names it. */
async function expectListRefused(code: FailureCode = 'token.status-list-refused'): Promise<void> {
  await expectInvalidToken(api, api.tokenAt(0), code);
}

describe('the order of checks', () => {
  it('[tsl-8.3-order] fetches the list for a token that is good by itself', async () => {
    api.serveList();
    await expectAccepted(api, api.tokenAt(0));
    // The verifier and the API behind HTTP have a cache each.
    expect(api.server.requests).toEqual([listPath, listPath]);
  });

  it.each([
    ['an expired token', { exp: nowSeconds }, 'token.expired'],
    ['a token for another audience', { aud: 'https://other.example' }, 'token.audience-mismatch'],
    ['a token of another issuer', { iss: 'https://other.example' }, 'token.issuer-unknown'],
  ] as const)('[tsl-8.3-order] sends no request for %s', async (_what, claims: Claims, code) => {
    api.serveList();
    await expectInvalidToken(api, api.tokenAt(0, claims), code);
    expect(api.server.requests).toEqual([]);
  });

  it('[tsl-8.3-order] sends no request for a token that is bound to a key nobody has shown', async () => {
    api.serveList();
    const bound = api.tokenAt(0, { cnf: { jkt: 'a'.repeat(43) } });
    await expectInvalidTokenOffTheWire(api, bound, 'token.confirmation-unverifiable');
    expect((await api.sendToken(bound)).status).toBe(401);
    expect(api.server.requests).toEqual([]);
  });

  it('[tsl-8.3-order] sends no request for a wrongly signed token', async () => {
    api.serveList();
    const key = { ...(await generateJwk('P-256')), alg: 'ES256', kid: 'k1' };
    await expectInvalidToken(api, api.tokenAt(0, {}, { key }), 'token.signature-invalid');
    expect(api.server.requests).toEqual([]);
  });
});

describe('the reference', () => {
  const uri = 'https://as.example/statuslists/1';

  it.each([
    ['status is a text', 'x'],
    ['status is empty', {}],
    ['status is null', null],
    ['status_list is a text', { status_list: 'x' }],
    ['there is no idx', { status_list: { uri } }],
    ['there is no uri', { status_list: { idx: 0 } }],
    ['idx is -1', { status_list: { idx: -1, uri } }],
    ['idx is 1.5', { status_list: { idx: 1.5, uri } }],
    ['idx is a text', { status_list: { idx: '3', uri } }],
    ['uri is a number', { status_list: { idx: 0, uri: 5 } }],
    ['uri is relative', { status_list: { idx: 0, uri: 'list' } }],
    ['status is by an unknown mechanism alone', { other_mechanism: { idx: 0, uri } }],
  ])('[tsl-6.2-reference-shape] refuses a token where %s, and sends no request', async (_what, status) => {
    await expectInvalidToken(api, api.tokenWith(status), 'token.status-reference-invalid');
    expect(api.server.requests).toEqual([]);
  });

  it.each([
    ['a text', 'x'],
    ['null', null],
    ['{}', {}],
    ['an unknown mechanism', { other_mechanism: {} }],
  ])('[tsl-6.2-reference-shape] refuses a status of %s although tokens need none', async (_what, status) => {
    api = await startStatusListApi({}, { required: false });
    await expectAccepted(api, api.builder.accessToken());
    await expectInvalidToken(api, api.tokenWith(status), 'token.status-reference-invalid');
  });

  it('[tsl-6.2-reference-shape] refuses a token without status, unless told that tokens need none', async () => {
    await expectInvalidToken(api, api.builder.accessToken(), 'token.status-reference-invalid');
    const lenient = await startStatusListApi({}, { required: false });
    await expectAccepted(lenient, lenient.builder.accessToken());
    lenient.serveList({ bytes: Buffer.from([1]) });
    await expectInvalidToken(lenient, lenient.tokenAt(0), 'token.revoked');
  });

  it('[tsl-6.2-reference-shape] leaves a status alone where nobody set up a list', async () => {
    const unaware = await startProtectedApi();
    await expectAccepted(unaware, unaware.builder.accessToken({ status: 'x' }));
  });
});

describe('the request for the list', () => {
  it('[tsl-8.1-fetch] [design-outbound-http] is a GET that asks for the media type and brings no credentials', async () => {
    const seen: { method: string | undefined; headers: IncomingHttpHeaders }[] = [];
    api.answerWith(({ method, headers }, response) => {
      seen.push({ method, headers });
      const cookies = { 'set-cookie': 'session=1; Path=/' };
      response
        .writeHead(200, { 'content-type': listType, ...cookies })
        .end(api.listJwt({ claims: { ttl: 60 } }));
    });
    await expectAccepted(api, api.tokenAt(0));
    api.clock.advanceSeconds(61);
    await expectAccepted(api, api.tokenAt(0));
    expect(seen).toHaveLength(4);
    for (const { method, headers } of seen) {
      expect(method).toBe('GET');
      expect(headers.accept).toBe('application/statuslist+jwt');
      expect(headers).not.toHaveProperty('cookie');
      expect(headers).not.toHaveProperty('authorization');
      expect(headers).not.toHaveProperty('referer');
    }
  });

  it.each(['application/statuslist+jwt', 'application/StatusList+JWT; charset=utf-8'])(
    '[tsl-8.1-fetch] takes an answer of the type %s',
    async (type) => {
      api.serveList({}, { 'content-type': type });
      await expectAccepted(api, api.tokenAt(0));
    },
  );

  const badAnswers: readonly (readonly [what: string, answer: (api: StatusListApi) => void])[] = [
    [
      '404',
      ({ server }) => {
        server.serveRaw(listPath, { status: 404 });
      },
    ],
    [
      '500',
      ({ server }) => {
        server.serveRaw(listPath, { status: 500 });
      },
    ],
    [
      '204',
      ({ server }) => {
        server.serveRaw(listPath, { status: 204, headers: { 'content-type': listType } });
      },
    ],
    ...[
      'application/json',
      'application/jwt',
      'application/statuslist+cwt',
      'application/statuslist+jwts',
    ].map(
      (type) =>
        [
          `200 with ${type}`,
          (served: StatusListApi) => {
            served.serveList({}, { 'content-type': type });
          },
        ] as const,
    ),
    [
      '200 without a type',
      (served) => {
        served.answerWith((_request, response) => response.writeHead(200).end(served.listJwt()));
      },
    ],
    [
      'nothing',
      (served) => {
        served.answerWith(() => undefined);
      },
    ],
    [
      'half an answer and the end of the connection',
      (served) => {
        const cut: RequestListener = (_request, response) => {
          response.writeHead(200, { 'content-type': listType, 'content-length': '1000' });
          response.write('ey', () => response.destroy());
        };
        served.answerWith(cut);
      },
    ],
  ];

  it.each(badAnswers)(
    '[tsl-8.1-fetch] accepts no token when the answer is %s and nothing is kept',
    async (_what, answer) => {
      api = await startStatusListApi({ statusListPolicy: { fetchTimeoutMs: 2000 } });
      answer(api);
      await expectUnavailable(api, api.tokenAt(0), 'service.status-unavailable');
    },
  );

  it.each(badAnswers)(
    '[tsl-8.1-fetch] goes by a list that is still valid when the answer is %s',
    async (_what, answer) => {
      api = await startStatusListApi({ statusListPolicy: { fetchTimeoutMs: 2000 } });
      api.serveList({ claims: { ttl: 100 }, bytes: Buffer.from([0b10]) });
      await expectAccepted(api, api.tokenAt(0));
      answer(api);
      api.clock.advanceSeconds(99);
      await expectAccepted(api, api.tokenAt(0));
      await expectInvalidToken(api, api.tokenAt(1), 'token.revoked');
    },
  );

  it.each([301, 302, 303, 307, 308])(
    '[tsl-8.1-fetch] does not follow a redirection with %i',
    async (status) => {
      const body = api.listJwt();
      api.server.serveRaw('/statuslists/moved', { headers: { 'content-type': listType }, body });
      const headers = { location: `${api.server.origin}/statuslists/moved`, 'content-type': listType };
      api.server.serveRaw(listPath, { status, headers, body });
      await expectUnavailable(api, api.tokenAt(0), 'service.status-unavailable');
      expect(api.server.requests).toEqual([listPath, listPath]);
    },
  );

  it('[tsl-8.1-fetch] ends at the first of a chain of ten redirections', async () => {
    for (let step = 1; step <= 10; step++) {
      const location = `${api.server.origin}/statuslists/${String(step + 1)}`;
      api.server.serveRaw(`/statuslists/${String(step)}`, { status: 302, headers: { location } });
    }
    await expectUnavailable(api, api.tokenAt(0), 'service.status-unavailable');
    expect(api.server.requests).toEqual([listPath, listPath]);
  });

  it('[tsl-8.1-fetch] does not follow a redirection to plain http', async () => {
    const elsewhere = await startDocumentServer();
    api.server.serveRaw(listPath, { status: 302, headers: { location: `${elsewhere.origin}${listPath}` } });
    await expectUnavailable(api, api.tokenAt(0), 'service.status-unavailable');
    expect(elsewhere.requests).toEqual([]);
  });

  it('[tsl-8.1-fetch] waits longer after each failure, and says so', async () => {
    api.server.serveRaw(listPath, { status: 500 });
    await api.sendToken(api.tokenAt(0));
    await api.sendToken(api.tokenAt(0));
    expect(api.server.requests).toHaveLength(1);
    api.clock.advanceSeconds(1);
    const { headers } = await api.sendToken(api.tokenAt(0));
    expect(headers['retry-after']).toEqual(['2']);
    expect(api.server.requests).toHaveLength(2);
    api.serveList();
    api.clock.advanceSeconds(2);
    expect((await api.sendToken(api.tokenAt(0))).status).toBe(200);
  });

  it('[design-outbound-http] names the host in its failure, and nothing of the answer', async () => {
    const marker = 'marker-in-the-body';
    api.server.serveRaw(listPath, { status: 500, body: marker });
    await api.sendToken(api.tokenAt(0));
    const [event] = api.events;
    expect(event).toMatchObject({ kind: 'fetch-failed', uri: api.uri, retryInMs: 1000 });
    const message = event?.kind === 'fetch-failed' ? event.error.message : '';
    expect(message).toContain(new URL(api.server.origin).host);
    expect(message).not.toContain(marker);
  });
});

describe('where lists are fetched from', () => {
  it('[tsl-fetch-allowlist] is where the configuration says', async () => {
    api.serveList();
    await expectAccepted(api, api.tokenAt(0));
    expect(api.fetched).toEqual([api.uri, api.uri]);
  });

  it.each<readonly [what: string, uri: (api: StatusListApi) => string]>([
    ['an address of the link', () => 'http://169.254.169.254/latest/meta-data'],
    ['an address of the link over https', () => 'https://169.254.169.254/statuslists/1'],
    ['localhost', () => 'http://localhost/statuslists/1'],
    ['localhost at the very port', ({ uri }) => uri.replace('127.0.0.1', 'localhost')],
    ['a host that resolves to a private address', () => 'https://localtest.me/statuslists/1'],
    ['another path of the host', ({ server }) => `${server.origin}/other/1`],
    ['a sibling of the path', ({ server }) => `${server.origin}/statuslists-2/1`],
    ['a path with a dot segment', ({ server }) => `${server.origin}/statuslists/../other`],
    ['a path with an encoded dot segment', ({ server }) => `${server.origin}/statuslists/%2e%2e/other`],
    ['a path with an encoded slash', ({ server }) => `${server.origin}/statuslists/..%2Fother`],
    ['a path with a backslash', ({ server }) => `${server.origin}/statuslists/..\\other`],
    ['the path with a fragment', ({ uri }) => `${uri}#1`],
    ['another port', () => 'http://127.0.0.1:1/statuslists/1'],
    ['the host before an at sign', ({ uri }) => uri.replace('/statuslists', '@localhost/statuslists')],
    ['the host with a user', ({ uri }) => uri.replace('http://', 'http://user@')],
    ['the host in another notation', ({ uri }) => uri.replace('127.0.0.1', '127.1')],
    ['another scheme', ({ uri }) => uri.replace('http:', 'ftp:')],
    ['the scheme in capitals', ({ uri }) => uri.replace('http:', 'HTTP:')],
    ['data', () => 'data:application/statuslist+jwt,x'],
  ])('[tsl-fetch-allowlist] is never %s', async (_what, uriOf) => {
    api.serveList();
    const token = api.tokenWith({ status_list: { idx: 0, uri: uriOf(api) } });
    await expectInvalidToken(api, token, 'token.status-uri-refused');
    expect(api.fetched).toEqual([]);
  });

  it('[tsl-fetch-allowlist] is never what belongs to another issuer', async () => {
    const clock = fixedClock(nowSeconds);
    const builder = await baselineBuilder(clock);
    const other = await startDocumentServer();
    const fetched: string[] = [];
    const both = await startProtectedApi({
      clock,
      builder,
      settings: {
        allowInsecureLoopback: true,
        fetch: (url, init) => {
          fetched.push(url);
          return fetch(url, init);
        },
        issuer: [
          { issuer: builder.issuer, keys: builder.jwks, statusList: { uris: [api.uri] } },
          {
            issuer: 'https://other.example',
            keys: builder.jwks,
            statusList: { uris: [`${other.origin}/statuslists/`] },
          },
        ],
      },
    });
    const uri = `${other.origin}/statuslists/1`;
    const tokenOf = (iss: string) => builder.accessToken({ iss, status: { status_list: { idx: 0, uri } } });
    await expectInvalidToken(both, tokenOf(builder.issuer), 'token.status-uri-refused');
    expect(fetched).toEqual([]);
    expect((await both.sendToken(tokenOf('https://other.example'))).status).toBe(503);
    expect(fetched).toEqual([uri]);
  });

  it('[tsl-fetch-allowlist] is one URI alone, where the configuration names one', async () => {
    const { origin } = api.server;
    const one = await startStatusListApi({}, { uris: [`${origin}/statuslists`] });
    const token = one.tokenWith({ status_list: { idx: 0, uri: `${origin}/statuslists/1` } });
    await expectInvalidToken(one, token, 'token.status-uri-refused');
    expect(one.fetched).toEqual([]);
  });
});

describe('the list as a JWT', () => {
  it('[tsl-5.1-typ-signature] is accepted when nothing is wrong with it', async () => {
    api.serveList({ claims: { exp: nowSeconds + 60, ttl: 60 } });
    await expectAccepted(api, api.tokenAt(0));
  });

  it('[tsl-5.1-typ-signature] needs no iss, and no iss changes whose it is', async () => {
    api.serveList({ claims: { iss: 'https://status.example' } });
    await expectAccepted(api, api.tokenAt(0));
  });

  it.each<readonly [what: string, variation: ListVariation, code: FailureCode, claim: string]>([
    ['typ JWT', { header: { typ: 'JWT' } }, 'token.type-mismatch', 'typ'],
    ['no typ', { header: { typ: undefined } }, 'token.type-mismatch', 'typ'],
    ['the typ of an access token', { header: { typ: 'at+jwt' } }, 'token.type-mismatch', 'typ'],
    ['no sub', { claims: { sub: undefined } }, 'token.claim-invalid', 'sub'],
    ['no iat', { claims: { iat: undefined } }, 'token.claim-invalid', 'iat'],
    ['no status_list', { claims: { status_list: undefined } }, 'token.claim-invalid', 'status_list'],
    ['ttl 0', { claims: { ttl: 0 } }, 'token.claim-invalid', 'ttl'],
    ['ttl -5', { claims: { ttl: -5 } }, 'token.claim-invalid', 'ttl'],
    ['ttl "60"', { claims: { ttl: '60' } }, 'token.claim-invalid', 'ttl'],
    ['iat in the future', { claims: { iat: nowSeconds + 1 } }, 'token.not-yet-valid', 'iat'],
    ['nbf in the future', { claims: { nbf: nowSeconds + 1 } }, 'token.not-yet-valid', 'nbf'],
    ['another audience', { claims: { aud: 'https://o.example' } }, 'token.audience-mismatch', 'aud'],
    ['an unknown critical extension', { header: { crit: ['x'], x: 1 } }, 'token.critical-unknown', 'crit'],
    ['an unknown kid', { header: { kid: 'k2' } }, 'token.key-unknown', 'kid'],
  ])('[tsl-5.1-typ-signature] is refused with %s', async (_what, variation, code, claim) => {
    api.serveList(variation);
    await expectListRefused();
    expect(api.events).toHaveLength(2);
    for (const event of api.events) {
      expect(event).toMatchObject({ kind: 'fetch-failed', error: { code, claim } });
    }
  });

  it('[tsl-5.1-typ-signature] is refused with alg none', async () => {
    const [, payload = ''] = api.listJwt().split('.');
    const header = Buffer.from('{"alg":"none","typ":"statuslist+jwt"}').toString('base64url');
    api.server.serveRaw(listPath, { headers: { 'content-type': listType }, body: `${header}.${payload}.` });
    await expectListRefused();
  });

  it('[tsl-5.1-typ-signature] is refused when a bit of it was changed after it was signed', async () => {
    const [header = '', , signature = ''] = api.listJwt({ bytes: Buffer.from([1]) }).split('.');
    const [, payload = ''] = api.listJwt().split('.');
    const body = `${header}.${payload}.${signature}`;
    api.server.serveRaw(listPath, { headers: { 'content-type': listType }, body });
    await expectListRefused();
  });

  it.each([
    ['', (jwt: string) => `${jwt}.`],
    [' that is cut', (jwt: string) => jwt.slice(0, -1)],
    [' with white space after it', (jwt: string) => `${jwt}\n`],
    [' in quotes', (jwt: string) => JSON.stringify(jwt)],
  ])('[tsl-5.1-typ-signature] is refused when it is no complete JWT%s', async (_how, change) => {
    const body = change(api.listJwt());
    api.server.serveRaw(listPath, { headers: { 'content-type': listType }, body });
    await expectListRefused();
  });

  it('[tsl-5.1-typ-signature] is refused when another issuer signed it', async () => {
    const clock = fixedClock(nowSeconds);
    const [builder, other] = await Promise.all([baselineBuilder(clock), baselineBuilder(clock, 'other')]);
    const { server, listJwt, uri } = await startStatusListApi();
    const uris = [uri];
    const both = await startProtectedApi({
      clock,
      builder,
      settings: {
        allowInsecureLoopback: true,
        issuer: [
          { issuer: builder.issuer, keys: builder.jwks, statusList: { uris } },
          { issuer: 'https://other.example', keys: other.jwks, statusList: { uris } },
        ],
      },
    });
    const headers = { 'content-type': listType };
    server.serveRaw(listPath, { headers, body: listJwt({ key: other.key }) });
    const status = { status_list: { idx: 0, uri } };
    await expectInvalidToken(both, builder.accessToken({ status }), 'token.status-list-refused');
    const ofOther = other.accessToken({ iss: 'https://other.example', status });
    expect((await both.sendToken(ofOther)).status).toBe(200);
  });

  it('[tsl-5.1-typ-signature] is signed by a key of its own, where the configuration says so', async () => {
    const own = await baselineBuilder(api.clock, 'list');
    const apart = await startStatusListApi({}, { keys: own.jwks });
    apart.serveList({ key: own.key });
    await expectAccepted(apart, apart.tokenAt(0));
    apart.clock.advanceSeconds(301);
    apart.serveList();
    await expectInvalidToken(apart, apart.tokenAt(0), 'token.status-list-refused');
  });
});

describe('the subject of the list', () => {
  it.each([
    ['that of another list', (uri: string) => `${uri}0`],
    ['the URI and a slash', (uri: string) => `${uri}/`],
    ['the URI in other capitals', (uri: string) => uri.replace('statuslists', 'StatusLists')],
    ['the URI with a query', (uri: string) => `${uri}?`],
  ])('[tsl-8.3-sub-match] may not be %s', async (_what, subOf) => {
    api.serveList({ claims: { sub: subOf(api.uri) } });
    await expectListRefused();
  });

  it('[tsl-8.3-sub-match] may not differ by the slash the other way round either', async () => {
    const uri = `${api.uri}/`;
    const body = api.listJwt();
    api.server.serveRaw(`${listPath}/`, { headers: { 'content-type': listType }, body });
    const token = api.tokenWith({ status_list: { idx: 0, uri } });
    await expectInvalidToken(api, token, 'token.status-list-refused');
  });
});

describe('how long a list is used', () => {
  /** The status over HTTP, so many seconds later, and how many requests for the list there were in all. */
  async function later(seconds: number): Promise<readonly [status: number, requests: number]> {
    api.clock.advanceSeconds(seconds);
    const { status } = await api.sendToken(api.tokenAt(0));
    await api.settled();
    return [status, api.server.requests.length];
  }

  it('[tsl-8.3-expiry-cache] is never after its exp', async () => {
    api.serveList({ claims: { exp: nowSeconds } });
    await expectListRefused();
  });

  it('[tsl-8.3-expiry-cache] ends with exp, though ttl would allow more and the server is gone', async () => {
    api.serveList({ claims: { exp: nowSeconds + 30, ttl: 3600 } });
    expect(await later(0)).toEqual([200, 1]);
    api.server.serveRaw(listPath, { status: 500 });
    expect(await later(29)).toEqual([200, 1]);
    expect(await later(1)).toEqual([503, 2]);
  });

  it('[tsl-8.3-expiry-cache] ends with exp, even where old lists are used when there is no other', async () => {
    api = await startStatusListApi({ statusListPolicy: { staleIfErrorSeconds: 3600 } });
    api.serveList({ claims: { exp: nowSeconds + 100, ttl: 20 } });
    expect(await later(0)).toEqual([200, 1]);
    api.server.serveRaw(listPath, { status: 500 });
    expect(await later(50)).toEqual([200, 2]);
    expect(await later(49)).toEqual([200, 3]);
    expect((await later(1))[0]).toBe(503);
  });

  it('[tsl-8.3-expiry-cache] goes by ttl, whatever HTTP says of caching', async () => {
    const claims = { exp: nowSeconds + 3600, ttl: 60 };
    api.serveList({ claims }, { 'cache-control': 'max-age=86400', expires: 'Thu, 01 Dec 2044 16:00:00 GMT' });
    expect(await later(0)).toEqual([200, 1]);
    expect(await later(44)).toEqual([200, 1]);
    api.serveList({ claims, bytes: Buffer.from([1]) }, { 'cache-control': 'max-age=86400' });
    expect(await later(17)).toEqual([401, 2]);
  });

  it('[tsl-8.3-expiry-cache] goes by ttl where HTTP forbids caching', async () => {
    api.serveList({ claims: { ttl: 60 } }, { 'cache-control': 'no-store, max-age=0', pragma: 'no-cache' });
    expect(await later(0)).toEqual([200, 1]);
    expect(await later(40)).toEqual([200, 1]);
  });

  it('[tsl-8.3-expiry-cache] ends with ttl when the server is gone', async () => {
    api.serveList({ claims: { exp: nowSeconds + 3600, ttl: 60 } });
    expect(await later(0)).toEqual([200, 1]);
    api.server.serveRaw(listPath, { status: 500 });
    expect((await later(59))[0]).toBe(200);
    expect((await later(2))[0]).toBe(503);
  });

  it('[tsl-8.3-expiry-cache] is renewed in the last quarter of its time, and nobody waits', async () => {
    api.serveList({ claims: { ttl: 60 } });
    expect(await later(0)).toEqual([200, 1]);
    api.serveList({ claims: { ttl: 60 }, bytes: Buffer.from([1]) });
    expect(await later(45)).toEqual([200, 2]);
    expect(await later(0)).toEqual([401, 2]);
  });

  it('[tsl-8.3-expiry-cache] is at least the lower bound', async () => {
    api = await startStatusListApi({ statusListPolicy: { minimumAgeSeconds: 20 } });
    api.serveList({ claims: { ttl: 1 } });
    expect(await later(0)).toEqual([200, 1]);
    expect(await later(14)).toEqual([200, 1]);
    expect(await later(6)).toEqual([200, 2]);
  });

  it('[tsl-8.3-expiry-cache] is at most the upper bound', async () => {
    api = await startStatusListApi({ statusListPolicy: { maximumAgeSeconds: 600 } });
    api.serveList({ claims: { ttl: 315_360_000 } });
    expect(await later(0)).toEqual([200, 1]);
    api.server.serveRaw(listPath, { status: 500 });
    expect((await later(599))[0]).toBe(200);
    expect((await later(1))[0]).toBe(503);
  });

  it('[tsl-8.3-expiry-cache] is between ten seconds and an hour unless told otherwise', async () => {
    api.serveList({ claims: { ttl: 1 } });
    expect(await later(0)).toEqual([200, 1]);
    api.serveList({ claims: { ttl: 315_360_000 } });
    expect((await later(9))[1]).toBe(2);
    expect(await later(2600)).toEqual([200, 2]);
    expect(await later(1000)).toEqual([200, 3]);
  });

  it('[tsl-8.3-expiry-cache] starts one fetch for everybody who asks at once', async () => {
    // Late enough that all of them are there by then; who comes later finds the list kept.
    api.answerWith((_request, response) => {
      const answer = () => response.writeHead(200, { 'content-type': listType }).end(api.listJwt());
      setTimeout(answer, 200);
    });
    const answers = Array.from({ length: 50 }, (_, index) => api.sendToken(api.tokenAt(index % 16)));
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(api.server.requests).toEqual([listPath]);
  });
});

describe('the statuses in a list', () => {
  const codeOf = (token: string) =>
    api.verifier.verify(token).then(
      () => 'accepted',
      (error: unknown) => (isAssayError(error) ? error.code : error),
    );
  const codesOf = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => codeOf(api.tokenAt(index))));
  const codes = ['accepted', 'token.revoked', 'token.suspended', 'token.status-refused'];

  it('[tsl-4.2-bits-decode] are those of the first example of the specification', async () => {
    api.serveList({ bits: 1, lst: Buffer.from('78dadbb918000217015d', 'hex').toString('base64url') });
    const statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
    expect(await codesOf(16)).toEqual(statuses.map((status) => codes[status]));
    for (const [index, status] of statuses.entries()) {
      expect((await api.sendToken(api.tokenAt(index))).status).toBe(status === 0 ? 200 : 401);
    }
  });

  it('[tsl-4.2-bits-decode] are those of the second example of the specification', async () => {
    api.serveList({ bits: 2, lst: Buffer.from('78da3be9f2130003df0207', 'hex').toString('base64url') });
    const statuses = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3];
    expect(await codesOf(12)).toEqual(statuses.map((status) => codes[status]));
    for (const [index, status] of statuses.entries()) {
      expect((await api.sendToken(api.tokenAt(index))).status).toBe(status === 0 ? 200 : 401);
    }
  });

  it.each([0, 3, 16, '1', 1.5, null])(
    '[tsl-4.2-bits-decode] cannot be told where bits is %p',
    async (bits) => {
      api.serveList({ bits });
      await expectListRefused();
    },
  );

  const bytes = Buffer.alloc(2);
  const stream = deflateSync(bytes);
  const spoilt = Buffer.from(stream);
  spoilt[spoilt.length - 1] = (spoilt[spoilt.length - 1] ?? 0) ^ 1;
  const text = stream.toString('base64url');

  it.each([
    ['raw DEFLATE', deflateRawSync(bytes).toString('base64url')],
    ['gzip', gzipSync(bytes).toString('base64url')],
    ['a truncated stream', stream.subarray(0, -1).toString('base64url')],
    ['a stream with a wrong checksum', spoilt.toString('base64url')],
    ['padded base64', `${text}${'='.repeat((4 - (text.length % 4)) % 4)}`],
    ['padded base64 of another length', `${text}==`],
    ['a stream with bytes after it', Buffer.concat([stream, Buffer.from('x')]).toString('base64url')],
    ['plain bytes', bytes.toString('base64url')],
    ['nothing', ''],
    ['a number', 7],
  ])('[tsl-4.1-zlib] cannot be told where the list is %s', async (_what, lst) => {
    expect(text.length % 4).not.toBe(0);
    api.serveList({ lst });
    await expectListRefused();
  });

  it.each([
    ['the number of entries', 16],
    ['far beyond', 2 ** 40],
    ['beyond what a number can be sure of', 2 ** 53],
  ])('[tsl-8.3-index-range] cannot be told at an index that is %s', async (_what, index) => {
    api.serveList();
    await expectAccepted(api, api.tokenAt(15));
    await expectInvalidToken(api, api.tokenAt(index), 'token.status-reference-invalid');
  });

  it('[tsl-8.3-index-range] cannot be told in a list of no length', async () => {
    api.serveList({ bytes: new Uint8Array(0) });
    await expectInvalidToken(api, api.tokenAt(0), 'token.status-reference-invalid');
  });

  const values = [
    [0x00, 'accepted'],
    [0x01, 'token.revoked'],
    [0x02, 'token.suspended'],
    [0x03, 'token.status-refused'],
    [0x0b, 'token.status-refused'],
    [0x0f, 'token.status-refused'],
    [0xff, 'token.status-refused'],
  ] as const;

  it.each(values)('[tsl-7.1-values] decide: %i is %s', async (value, code) => {
    api.serveList({ bits: 8, bytes: Buffer.from([value]) });
    if (code === 'accepted') await expectAccepted(api, api.tokenAt(0));
    else await expectInvalidToken(api, api.tokenAt(0), code);
  });

  it('[tsl-7.1-values] [rfc6750-3.1-invalid-token] are not told apart to the caller', async () => {
    api.serveList({ bits: 8, bytes: Buffer.from(values.map(([value]) => value)) });
    const refused = await Promise.all(
      values.slice(1).map(async (_value, index) => {
        const { status, headers, body } = await api.sendToken(api.tokenAt(index + 1));
        return JSON.stringify([status, headers['www-authenticate'], body]);
      }),
    );
    expect(new Set(refused)).toEqual(
      new Set([
        JSON.stringify([
          401,
          [
            'Bearer realm="https://api.example", error="invalid_token", error_description="The status of the token does not permit its use."',
          ],
          '{"error":"invalid_token","error_description":"The status of the token does not permit its use."}',
        ]),
      ]),
    );
  });

  it('[tsl-7.1-values] pass beside VALID where a policy names them, and only those', async () => {
    api = await startStatusListApi({}, { acceptedStatuses: [0x0b] });
    api.serveList({ bits: 8, bytes: Buffer.from([0, 1, 2, 0x0b, 0x0c]) });
    expect(await codesOf(5)).toEqual([
      'accepted',
      'token.revoked',
      'token.suspended',
      'accepted',
      'token.status-refused',
    ]);
  });
});

describe('the size of a list', () => {
  it('[tsl-size-limits] [design-outbound-http] is read up to the cap: an answer of 20 MB is not', async () => {
    let written = 0;
    const total = 20 * 1024 * 1024;
    api.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': listType });
      const block = Buffer.alloc(64 * 1024, 'A');
      const pour = () => {
        while (!response.destroyed && written < total) {
          written += block.length;
          if (!response.write(block)) return;
        }
        if (written >= total) response.end();
      };
      response.on('drain', pour);
      pour();
    });
    expect((await api.sendToken(api.tokenAt(0))).status).toBe(503);
    expect(written).toBeLessThan(total);
    expect(api.events).toEqual([
      expect.objectContaining({
        kind: 'fetch-failed',
        error: expect.objectContaining({ message: expect.stringContaining('larger than 2097152 bytes') }),
      }),
    ]);
  });

  it('[tsl-size-limits] is unpacked up to the cap: 1 GiB of zeros is not', async () => {
    const packed = zerosPacked(1024);
    expect(packed.length).toBeGreaterThan(1_000_000);
    // What unpacks is a good stream: it is its size alone that is refused.
    expect(inflateSync(zerosPacked(2)).length).toBe(2 * 1024 * 1024);
    // On the wire it is small, for it is packed once more by HTTP.
    const body = gzipSync(api.listJwt({ lst: packed.toString('base64url') }), { level: 9 });
    expect(body.length).toBeLessThan(20_000);
    api.answerWith((_request, response) => {
      response.writeHead(200, { 'content-type': listType, 'content-encoding': 'gzip' }).end(body);
    });
    const before = process.memoryUsage().rss;
    await expectListRefused();
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
  });

  it.each([
    ['accepts a list of 8 MiB', 8, 200],
    ['refuses a list of 9 MiB', 9, 401],
  ])('[tsl-size-limits] %s', async (_what, mebibytes, status) => {
    api.serveList({ lst: zerosPacked(mebibytes).toString('base64url') });
    expect((await api.sendToken(api.tokenAt(0))).status).toBe(status);
  });

  it('[tsl-size-limits] keeps as many lists as it may, and no more', async () => {
    api = await startStatusListApi({ statusListPolicy: { maximumLists: 3 } });
    const paths = [1, 2, 3, 4, 1].map((list) => `/statuslists/${String(list)}`);
    for (const path of paths) {
      const uri = `${api.server.origin}${path}`;
      const body = api.listJwt({ claims: { sub: uri } });
      api.server.serveRaw(path, { headers: { 'content-type': listType }, body });
      expect((await api.sendToken(api.tokenWith({ status_list: { idx: 0, uri } }))).status).toBe(200);
    }
    expect(api.server.requests).toEqual(paths);
    const kept = api.events.map((event) => event.kind === 'fetched' && event.cachedLists);
    expect(kept).toEqual([1, 2, 3, 3, 3]);
  });
});

describe('issuers and their lists', () => {
  it('looks tokens up whose issuer a resolver names', async () => {
    const { builder, uri, serveList, server } = api;
    const named = { issuer: builder.issuer, keys: builder.jwks, statusList: { uris: [uri] } };
    const resolving = createResourceServer({
      issuer: { resolve: (identifier) => (identifier === builder.issuer ? named : undefined) },
      audience: builder.audience,
      allowInsecureLoopback: true,
      clock: api.clock,
      leewaySeconds: 0,
    });
    const authenticate = (index: number) =>
      resolving.authenticate({
        method: 'GET',
        url: '/orders',
        headers: { authorization: [`Bearer ${api.tokenAt(index)}`] },
      });
    serveList({ bytes: Buffer.from([0b10]) });
    await expect(authenticate(0)).resolves.toMatchObject({ subject: 'user-1' });
    await expect(authenticate(1)).rejects.toMatchObject({ code: 'token.revoked' });
    expect(server.requests).toEqual([listPath]);
  });

  it('loads the keys for lists when it is asked to be ready', async () => {
    const keys = { jwksUri: `${api.server.origin}/list-keys` };
    const apart = await startStatusListApi({}, { keys });
    await expect(apart.resourceServer.ready()).rejects.toMatchObject({ code: 'service.keys-unavailable' });
    api.server.serve('/list-keys', apart.builder.jwks);
    apart.clock.advanceSeconds(1);
    await expect(apart.resourceServer.ready()).resolves.toBeUndefined();
    expect(api.server.requests).toEqual(['/list-keys', '/list-keys']);
  });

  it('cannot tell while the keys for the list cannot be had', async () => {
    const apart = await startStatusListApi({}, { keys: { jwksUri: `${api.server.origin}/list-keys` } });
    apart.serveList();
    await expectUnavailable(apart, apart.tokenAt(0), 'service.status-unavailable');
  });

  it('tells people in an appraisal what the list says', async () => {
    api.serveList({ bytes: Buffer.from([0b10]) });
    const lineOf = async (index: number) => {
      const { outcome, lines } = await api.resourceServer.appraise(api.tokenAt(index));
      return [outcome, lines.at(-1)?.verdict, lines.at(-1)?.code];
    };
    expect(await lineOf(0)).toEqual(['accepted', 'satisfied', undefined]);
    expect(await lineOf(1)).toEqual(['rejected', 'rejected', 'token.revoked']);
    api.server.serveRaw(listPath, { status: 500 });
    api.clock.advanceSeconds(301);
    expect(await lineOf(0)).toEqual(['undetermined', 'undetermined', 'service.status-unavailable']);
  });

  it('refuses a principal whose token was withdrawn while its connection was open', async () => {
    api.serveList({ claims: { ttl: 60 } });
    const authorization = [`Bearer ${api.tokenAt(0)}`];
    const request = { method: 'GET', url: '/orders', headers: { authorization } };
    const principal = await api.resourceServer.authenticate(request);
    await expect(api.resourceServer.ensureCurrent(principal)).resolves.toBeUndefined();
    api.serveList({ claims: { ttl: 60 }, bytes: Buffer.from([1]) });
    api.clock.advanceSeconds(60);
    await expect(api.resourceServer.ensureCurrent(principal)).rejects.toMatchObject({
      code: 'token.revoked',
    });
  });
});

describe('what is kept', () => {
  it('[rfc9700-4.9.3-no-plaintext] is lists, and nothing of the tokens that named them', async () => {
    api.serveList();
    const token = api.tokenAt(0);
    expect((await api.sendToken(token)).status).toBe(200);
    const told = JSON.stringify(api.events);
    expect(told).toContain('fetched');
    for (const segment of token.split('.')) expect(told).not.toContain(segment);
  });
});
