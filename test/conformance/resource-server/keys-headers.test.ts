import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, type FailureCode, type Jwk, type KeyEvent } from '@assay/core';
import { createTestIssuer, fixedClock, publicJwk, type TestIssuer } from '@assay/testing';
import { createCertificate } from '../support/create-certificate.js';
import {
  closeDocumentServers,
  startDocumentServer,
  type DocumentServer,
} from '../support/document-server.js';
import {
  expectAccepted,
  expectInvalidToken,
  expectInvalidTokenOffTheWire,
} from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';
import { startRemoteKeyApi, type RemoteKeyApi } from '../support/remote-key-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

describe('RFC 7515, keys and URLs in the header', () => {
  let api: RemoteKeyApi;
  let attacker: Jwk;
  let attackerServer: DocumentServer;
  beforeAll(async () => {
    api = await startRemoteKeyApi();
    await expectAccepted(api, api.builder.accessToken());
    attacker = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
    attackerServer = await startDocumentServer();
    attackerServer.serve('/jwks', { keys: [publicJwk(attacker)] });
    const certificate = await createCertificate({ commonName: 'attacker.example' });
    attackerServer.serveRaw('/x5u', { body: certificate.certificatePem });
  });

  const remoteHeaders = [
    ['jku', '/jwks'],
    ['x5u', '/x5u'],
  ] as const;

  it.each(remoteHeaders)(
    '[rfc7515-4.1.2-remote-key-headers] refuses a token by an attacker whose %s serves that key, and asks nobody',
    async (parameter, path) => {
      const header = { [parameter]: `${attackerServer.origin}${path}` };
      await expectInvalidToken(api, api.tokenBy(attacker, header), 'token.signature-invalid');
      await expectInvalidToken(
        api,
        api.tokenBy(attacker, { ...header, kid: undefined }),
        'token.signature-invalid',
      );
      expect(attackerServer.requests).toEqual([]);
    },
  );

  it.each(remoteHeaders)(
    '[rfc7515-4.1.2-remote-key-headers] accepts a token by the right key and ignores its %s',
    async (parameter, path) => {
      const header = { [parameter]: `${attackerServer.origin}${path}` };
      await expectAccepted(api, api.builder.accessToken({}, { header }));
      expect(attackerServer.requests).toEqual([]);
    },
  );

  it('[rfc7515-4.1.3-embedded-key-headers] refuses a token by an attacker that carries that key in jwk', async () => {
    const token = api.tokenBy(attacker, { jwk: publicJwk(attacker) });
    await expectInvalidToken(api, token, 'token.signature-invalid');
  });

  it('[rfc7515-4.1.3-embedded-key-headers] refuses a token by an attacker that carries its certificate in x5c', async () => {
    const certificate = await createCertificate({ commonName: 'attacker.example' });
    const key = { ...(await certificate.jwk()), kid: 'k1', alg: 'ES256' };
    const token = api.tokenBy(key, { x5c: [certificate.der.toString('base64')] });
    await expectInvalidToken(api, token, 'token.signature-invalid');
  });

  it('[rfc7515-4.1.3-embedded-key-headers] accepts a token by the right key and ignores its jwk', async () => {
    for (const jwk of [publicJwk(api.key), publicJwk(attacker)]) {
      await expectAccepted(api, api.builder.accessToken({}, { header: { jwk } }));
    }
  });
});

describe('RFC 7515, kid', () => {
  let api: RemoteKeyApi;
  beforeAll(async () => {
    api = await startRemoteKeyApi();
  });
  const withKid = (kid: unknown) => api.builder.accessToken({}, { header: { kid } });

  it.each([[7], [{}], [null]])('[rfc7515-4.1.4-kid-hint] refuses the kid %j', async (kid) => {
    await expectInvalidToken(api, withKid(kid), 'token.malformed');
  });

  it('[rfc7515-4.1.4-kid-hint] takes "K1" for an unknown kid where the set holds "k1"', async () => {
    await expectInvalidToken(api, withKid('K1'), 'token.key-unknown');
    await expectAccepted(api, withKid('k1'));
  });

  const injections: readonly (readonly [name: string, kid: unknown, code: FailureCode])[] = [
    ['a path', '../../dev/null', 'token.key-unknown'],
    ['a shorter path', '../../x', 'token.key-unknown'],
    ['SQL', "' OR 1=1--", 'token.key-unknown'],
    ['__proto__', '__proto__', 'token.key-unknown'],
    ['constructor', 'constructor', 'token.key-unknown'],
    ['toString', 'toString', 'token.key-unknown'],
    ['a line break and a header', 'k1\r\nX: y', 'token.key-unknown'],
    ['the kid and a NUL', 'k1\u0000', 'token.key-unknown'],
    ['nothing', '', 'token.key-unknown'],
    ['a number', 1, 'token.malformed'],
    ['a list', ['k1'], 'token.malformed'],
    ['an object', { kid: 'k1' }, 'token.malformed'],
  ];

  it.each(injections)(
    '[rfc8725-3.10-kid-injection] [attack-06-kid-injection] refuses a kid that is %s',
    async (_name, kid, code) => {
      await expectInvalidToken(api, withKid(kid), code);
    },
  );

  it.each([
    ['100 kB', 100_000, 'token.too-large'],
    ['10 kB', 10_000, 'token.too-large'],
    ['2 kB', 2000, 'token.key-unknown'],
  ] as const)(
    '[rfc8725-3.10-kid-injection] [attack-06-kid-injection] refuses a kid of %s',
    async (_size, length, code) => {
      await expectInvalidTokenOffTheWire(api, withKid('A'.repeat(length)), code);
    },
  );

  it('[rfc8725-3.10-kid-injection] looks up nothing but the configured key set, and repeats no kid', async () => {
    const fetched: string[] = [];
    const events: KeyEvent[] = [];
    const messages: string[] = [];
    const server = createResourceServer({
      issuer: api.builder.issuer,
      audience: api.builder.audience,
      clock: api.clock,
      keys: { jwksUri: 'https://as.example/jwks' },
      onKeyEvent: (event) => events.push(event),
      fetch: (url) => {
        fetched.push(url);
        return Promise.resolve(Response.json({ keys: [publicJwk(api.key)] }));
      },
    });
    const marked = injections.flatMap(([, kid]) => (typeof kid === 'string' ? [`marker-${kid}`] : []));
    for (const kid of marked) {
      const refusal = await server
        .authenticate({
          method: 'GET',
          url: '/orders',
          headers: { authorization: [`Bearer ${withKid(kid)}`] },
        })
        .catch((error: unknown) => error);
      expect(isAssayError(refusal, 'token.key-unknown')).toBe(true);
      messages.push(String(refusal), JSON.stringify(refusal), JSON.stringify(server.challenge(refusal)));
    }
    expect(new Set(fetched)).toEqual(new Set(['https://as.example/jwks']));
    expect(fetched.length).toBeLessThanOrEqual(2);
    expect(events.filter(({ kind }) => kind === 'unknown-kid-refused')).toHaveLength(marked.length);
    expect(JSON.stringify([events, messages])).not.toContain('marker-');
    expect(Object.prototype).not.toHaveProperty('kid');
  });
});

describe('keys of two issuers', () => {
  let a: TestIssuer;
  let b: TestIssuer;
  const clock = fixedClock(nowSeconds);
  beforeAll(async () => {
    [a, b] = await Promise.all([
      createTestIssuer({ clock, kid: 'k1' }),
      createTestIssuer({ clock, kid: 'k1' }),
    ]);
  });
  afterAll(() => Promise.all([a.close(), b.close()]));

  const server = () =>
    createResourceServer({
      issuer: [{ issuer: a.issuer }, { issuer: b.issuer }],
      audience: a.audience,
      allowInsecureLoopback: true,
      clock,
    });
  const authenticate = (api: ReturnType<typeof server>, token: string) =>
    api.authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } });
  const title = '[rfc8725-3.8-issuer-keys] [attack-07-key-cache-shared-across-issuers]';

  it(`${title} refuses a token that names A and is signed by B's key of the same kid`, async () => {
    const api = server();
    // Both key sets are loaded, in both orders, before the crossed tokens come.
    for (const issuer of [b, a, b]) {
      const principal = await authenticate(api, issuer.accessToken());
      expect(principal.issuer).toBe(issuer.issuer);
    }
    for (const [named, signer] of [
      [a, b],
      [b, a],
    ] as const) {
      const crossed = named.accessToken({}, { key: signer.key });
      const error = await authenticate(api, crossed).catch((refusal: unknown) => refusal);
      expect(isAssayError(error, 'token.signature-invalid')).toBe(true);
      const { status, headers } = api.challenge(error);
      expect(status).toBe(401);
      expect(headers['WWW-Authenticate']).toContain('error="invalid_token"');
    }
  });

  it(`${title} never asks one issuer about the kid of another`, async () => {
    const api = server();
    await api.ready();
    const requestsBefore = b.requests.length;
    const token = a.accessToken({}, { header: { kid: 'only at B' }, key: b.key });
    await expect(authenticate(api, token)).rejects.toMatchObject({ code: 'token.key-unknown' });
    expect(b.requests).toHaveLength(requestsBefore);
  });

  it(`${title} keeps identifiers apart that would be one if they were joined`, async () => {
    const fetched: string[] = [];
    const keys: Record<string, Jwk> = {
      '/a': await generateJwk('P-256'),
      '/a/b': await generateJwk('P-256'),
    };
    const issuerFor = (path: string) => `https://as.example${path}`;
    // issuer "…/a" with kid "/b/k" and issuer "…/a/b" with kid "/k" read the same when they are written together.
    const kids: Record<string, string> = { '/a': '/b/k', '/a/b': '/k' };
    const api = createResourceServer({
      issuer: Object.keys(keys).map((path) => ({
        issuer: issuerFor(path),
        keys: { jwksUri: `https://as.example${path}/jwks` },
      })),
      audience: a.audience,
      clock,
      fetch: (url) => {
        fetched.push(url);
        const path = new URL(url).pathname.replace(/\/jwks$/, '');
        return Promise.resolve(
          Response.json({ keys: [{ ...publicJwk(keys[path] as Jwk), kid: kids[path] }] }),
        );
      },
    });
    const token = (named: string, signer: string) =>
      a.accessToken(
        { iss: issuerFor(named) },
        { key: { ...(keys[signer] as Jwk), alg: 'ES256' }, header: { kid: kids[named] } },
      );
    await expect(authenticate(api, token('/a', '/a'))).resolves.toBeDefined();
    await expect(authenticate(api, token('/a/b', '/a/b'))).resolves.toBeDefined();
    await expect(authenticate(api, token('/a', '/a/b'))).rejects.toMatchObject({
      code: 'token.signature-invalid',
    });
    await expect(authenticate(api, token('/a/b', '/a'))).rejects.toMatchObject({
      code: 'token.signature-invalid',
    });
    expect(fetched).toEqual(['https://as.example/a/jwks', 'https://as.example/a/b/jwks']);
  });
});
