import { afterAll, describe, expect, it } from '@jest/globals';
import {
  createAccessTokenVerifier,
  createResourceServer,
  isAssayError,
  SetupError,
  type Jwk,
  type ResourceServerOptions,
} from '@assay/core';
import { createTokenBuilder, fixedClock, publicJwk } from '@assay/testing';
import { startDiscoveringApi, type DiscoveringApi } from '../support/discovering-api.js';
import { closeDocumentServers, type RawDocument } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

const oauth = (path = '') => `/.well-known/oauth-authorization-server${path}`;
const inserted = (path = '') => `/.well-known/openid-configuration${path}`;
const appended = (path = '') => `${path}/.well-known/openid-configuration`;

const audience = 'https://api.example';

/** A resource server over a fetch that records each URL and answers from a table, 404 otherwise. */
function recording(issuer: string, documents: Record<string, unknown> = {}, options: object = {}) {
  const fetched: string[] = [];
  const server = createResourceServer({
    issuer,
    audience,
    clock: fixedClock(nowSeconds),
    fetch: (url) => {
      fetched.push(url);
      return Promise.resolve(
        Object.hasOwn(documents, url) ? Response.json(documents[url]) : new Response(null, { status: 404 }),
      );
    },
    ...options,
  });
  return { server, fetched };
}

const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );

describe('RFC 8414, the form of an issuer identifier', () => {
  it.each([
    ['http://as.example', 'an issuer is an https URL'],
    ['https://as.example?x=1', 'an issuer has no query'],
    ['https://as.example/?', 'an issuer has no query'],
    ['https://as.example#f', 'an issuer has no query'],
    ['as.example', 'an issuer is an https URL'],
    ['https:as.example', 'an issuer is an https URL'],
    ['https://', 'an issuer is an https URL'],
    ['https://user:secret@as.example', 'an issuer is an https URL'],
    ['https:\\\\as.example', 'an issuer is an https URL'],
    ['file:///as.example', 'an issuer is an https URL'],
    [' https://as.example', 'white space'],
    ['https://as.example\n', 'white space'],
  ])('[rfc8414-2-issuer-form] refuses to start with the issuer %j', (issuer, problem) => {
    for (const construct of [createResourceServer, createAccessTokenVerifier]) {
      expect(() => construct({ issuer, audience })).toThrow(SetupError);
      expect(() => construct({ issuer, audience })).toThrow(problem);
    }
  });

  it.each(['http://as.example', 'http://10.0.0.1', 'http://127.0.0.1.as.example', 'http://localhost.evil'])(
    '[rfc8414-2-issuer-form] refuses %s even where plain http on loopback is allowed',
    (issuer) => {
      expect(() => createResourceServer({ issuer, audience, allowInsecureLoopback: true })).toThrow(
        SetupError,
      );
    },
  );

  it.each(['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])(
    'takes %s only where plain http on loopback is allowed',
    (issuer) => {
      expect(() => createResourceServer({ issuer, audience })).toThrow('allowInsecureLoopback');
      expect(createResourceServer({ issuer, audience, allowInsecureLoopback: true }).issuers).toEqual([
        issuer,
      ]);
    },
  );
});

describe('the places of metadata', () => {
  it.each([
    ['https://as.example', 'https://as.example/.well-known/oauth-authorization-server'],
    ['https://as.example/t1', 'https://as.example/.well-known/oauth-authorization-server/t1'],
    ['https://as.example/t1/', 'https://as.example/.well-known/oauth-authorization-server/t1'],
    ['https://as.example:8443/a/b', 'https://as.example:8443/.well-known/oauth-authorization-server/a/b'],
  ])('[rfc8414-3.1-insertion] asks first, for %s, %s', async (issuer, url) => {
    const jwksUri = 'https://keys.example/jwks';
    const documents = { [url]: { issuer, jwks_uri: jwksUri }, [jwksUri]: { keys: [] } };
    const { server, fetched } = recording(issuer, documents);
    await server.ready();
    expect(fetched).toEqual([url, jwksUri]);
  });

  it.each([
    ['https://op.example', 'https://op.example/.well-known/openid-configuration'],
    ['https://op.example/t1', 'https://op.example/t1/.well-known/openid-configuration'],
    ['https://op.example/t1/', 'https://op.example/t1/.well-known/openid-configuration'],
  ])('[oidc-discovery-4.1-append] finds the OpenID document of %s at %s', async (issuer, url) => {
    const jwksUri = 'https://keys.example/jwks';
    const documents = { [url]: { issuer, jwks_uri: jwksUri }, [jwksUri]: { keys: [] } };
    const { server, fetched } = recording(issuer, documents);
    await server.ready();
    expect(fetched.slice(-2)).toEqual([url, jwksUri]);
    expect(new Set(fetched).size).toBe(fetched.length);
  });

  it('[oidc-discovery-4.1-append] verifies tokens of an issuer that has the OpenID document alone', async () => {
    const api = await startDiscoveringApi();
    api.server.serve(appended(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    await expectAccepted(api, api.builder.accessToken());
  });

  it('[rfc8414-5-fallback-order] asks at the appended place only after the inserted one has failed', async () => {
    const api = await startDiscoveringApi('/t1');
    api.server.serve(appended('/t1'), { issuer: api.issuer, jwks_uri: api.jwksUri });
    await api.resourceServer.ready();
    expect(api.server.requests).toEqual([oauth('/t1'), inserted('/t1'), appended('/t1'), '/jwks']);
    await expectAccepted(api, api.builder.accessToken());
  });

  it('[rfc8414-5-fallback-order] uses the inserted document alone where both are there and differ', async () => {
    const api = await startDiscoveringApi('/t1');
    const stranger = await generateJwk('P-256', { kid: 'k1', alg: 'ES256' });
    api.server.serve('/other-jwks', { keys: [publicJwk(stranger)] });
    api.server.serve(inserted('/t1'), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve(appended('/t1'), { issuer: api.issuer, jwks_uri: `${api.server.origin}/other-jwks` });
    await api.resourceServer.ready();
    expect(api.server.requests).toEqual([oauth('/t1'), inserted('/t1'), '/jwks']);
    await expectAccepted(api, api.builder.accessToken());
    await expectInvalidToken(api, api.builder.accessToken({}, { key: stranger }), 'token.signature-invalid');
  });

  it('uses the OAuth document alone where it is there, and asks for no other', async () => {
    const api = await startDiscoveringApi('/t1');
    api.server.serve(oauth('/t1'), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve(inserted('/t1'), { issuer: 'https://other.example', jwks_uri: 'https://other.example' });
    await api.resourceServer.ready();
    expect(api.server.requests).toEqual([oauth('/t1'), '/jwks']);
  });

  it('uses the OpenID document where the OAuth document has no jwks_uri, which is optional there', async () => {
    const api = await startDiscoveringApi();
    api.server.serve(oauth(), { issuer: api.issuer });
    api.server.serve(inserted(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    await expectAccepted(api, api.builder.accessToken());
  });

  it('asks a server that is out of order at one place only', async () => {
    const api = await startDiscoveringApi('/t1');
    api.server.serveRaw(oauth('/t1'), { status: 503 });
    await expectKeysUnavailable(api, api.builder.accessToken());
    expect(api.server.requests).toEqual([oauth('/t1')]);
  });
});

describe('RFC 8414, the issuer that metadata names', () => {
  // The letter é as one code point, and as two.
  const path = '/caf\u00e9';
  const decomposed = (issuer: string) => issuer.normalize('NFD');

  it.each([
    ['of another host', () => 'https://evil.example'],
    ['in another case', (issuer: string) => issuer.replace('/caf', '/CAF')],
    ['with an extra slash', (issuer: string) => `${issuer}/`],
    ['with a letter decomposed', decomposed],
    ['percent-encoded', (issuer: string) => new URL(issuer).href],
    ['missing', () => undefined],
    ['in a list', (issuer: string) => [issuer]],
    ['null', () => null],
  ])(
    '[rfc8414-3.3-issuer-identical] [attack-11-discovery-issuer-mismatch] uses nothing of metadata whose issuer is %s',
    async (_what, named) => {
      const api = await startDiscoveringApi(path);
      const metadata = { issuer: named(api.issuer), jwks_uri: api.jwksUri };
      const encoded = encodeURI(path);
      for (const place of [oauth(encoded), inserted(encoded), appended(encoded)]) {
        api.server.serve(place, metadata);
      }
      const refusal = await refusalOf(api.resourceServer.ready());
      expect(refusal).toBeInstanceOf(SetupError);
      expect((refusal as SetupError).message).toContain('names another issuer');
      expect((refusal as SetupError).option).toBe('issuer');
      await expectKeysUnavailable(api, api.builder.accessToken());
      expect(api.server.requests).not.toContain('/jwks');
      expect(api.server.requests).toContain(oauth(encoded));
    },
  );

  it('[rfc8414-3.3-issuer-identical] [attack-11-discovery-issuer-mismatch] accepts the very same issuer', async () => {
    const api = await startDiscoveringApi(path);
    expect(decomposed(api.issuer)).not.toBe(api.issuer);
    api.server.serve(oauth(encodeURI(path)), { issuer: api.issuer, jwks_uri: api.jwksUri });
    await api.resourceServer.ready();
    await expectAccepted(api, api.builder.accessToken());
  });
});

describe('RFC 8414, the metadata response', () => {
  const metadataOf = (api: DiscoveringApi, jwksUri: unknown = api.jwksUri) => ({
    issuer: api.issuer,
    jwks_uri: jwksUri,
  });
  const json = { 'content-type': 'application/json' };

  const answers: readonly (readonly [string, (api: DiscoveringApi) => RawDocument])[] = [
    ['204', () => ({ status: 204 })],
    [
      '301 to http, where good metadata is',
      (api) => ({ status: 301, headers: { location: `${api.server.origin}/moved` } }),
    ],
    ['404', () => ({ status: 404 })],
    [
      '200 text/html',
      (api) => ({ headers: { 'content-type': 'text/html' }, body: JSON.stringify(metadataOf(api)) }),
    ],
    ['200 without a type', (api) => ({ body: JSON.stringify(metadataOf(api)) })],
    ['200 application/json "[]"', () => ({ headers: json, body: '[]' })],
    [
      '200 with 10 MB',
      (api) => ({
        headers: json,
        body: JSON.stringify({ ...metadataOf(api), padding: 'x'.repeat(10_000_000) }),
      }),
    ],
    ['jwks_uri http://…', (api) => jsonBody(metadataOf(api, 'http://keys.example/jwks'))],
    ['jwks_uri file:///…', (api) => jsonBody(metadataOf(api, 'file:///etc/jwks.json'))],
    ['jwks_uri data:…', (api) => jsonBody(metadataOf(api, 'data:application/json,{"keys":[]}'))],
    ['jwks_uri relative', (api) => jsonBody(metadataOf(api, '/jwks'))],
    ['jwks_uri in a list', (api) => jsonBody(metadataOf(api, [api.jwksUri]))],
    ['jwks_uri missing', (api) => jsonBody({ issuer: api.issuer })],
  ];
  const jsonBody = (document: object): RawDocument => ({ headers: json, body: JSON.stringify(document) });

  it.each(answers)(
    '[rfc8414-3.2-response] takes %s for a failed retrieval, with bounded retry',
    async (_what, answer) => {
      const api = await startDiscoveringApi();
      api.server.serve('/moved', metadataOf(api));
      for (const place of [oauth(), inserted()]) api.server.serveRaw(place, answer(api));
      const attempts = () => api.server.requests.filter((path) => path === oauth()).length;

      await expectKeysUnavailable(api, api.builder.accessToken());
      expect(attempts()).toBe(1);
      await expectKeysUnavailable(api, api.builder.accessToken());
      expect(attempts()).toBe(1);
      const authorization = [`Bearer ${api.builder.accessToken()}`];
      for (let second = 0; second < 60; second++) {
        api.clock.advanceSeconds(1);
        const request = { method: 'GET', url: '/orders', headers: { authorization } };
        await expect(api.resourceServer.authenticate(request)).rejects.toThrow('service.keys-unavailable');
      }
      // After 1, 2, 4, 8, 16 and 32 seconds more each time, the seventh attempt is not due within the minute.
      expect(attempts()).toBe(6);
      expect(new Set(api.server.requests)).toEqual(new Set([oauth(), inserted()]));

      api.server.serve(oauth(), metadataOf(api));
      api.clock.advanceSeconds(60);
      await expectAccepted(api, api.builder.accessToken());
    },
  );

  it.each([
    'http://127.0.0.1:1/jwks',
    'http://localhost:1/jwks',
    'http://as.example/jwks',
    'ftp://as.example/jwks',
  ])(
    '[rfc8414-3.2-response] [attack-11-discovery-issuer-mismatch] fetches no keys from %s',
    async (jwksUri) => {
      const issuer = 'https://as.example';
      const { server, fetched } = recording(issuer, {
        [`${issuer}${oauth()}`]: { issuer, jwks_uri: jwksUri },
        [jwksUri]: { keys: [] },
      });
      const refusal = await refusalOf(server.ready());
      expect(isAssayError(refusal, 'service.keys-unavailable')).toBe(true);
      expect(fetched).not.toContain(jwksUri);
    },
  );

  it('takes a JSON type with a suffix or a parameter', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/vnd.as+json', 'Application/JSON']) {
      const api = await startDiscoveringApi();
      api.server.serveRaw(oauth(), {
        headers: { 'content-type': type },
        body: JSON.stringify(metadataOf(api)),
      });
      await expectAccepted(api, api.builder.accessToken());
    }
  });
});

describe('RFC 8414, a set for signing and encryption', () => {
  it('[rfc8414-2-mixed-use] does not use a key without use beside an encryption key, and tells so', async () => {
    const api = await startDiscoveringApi();
    const encryption = { ...publicJwk(await generateJwk('P-256')), use: 'enc', kid: 'e1' };
    api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve('/jwks', { keys: [encryption, { ...publicJwk(api.key), use: undefined }] });
    await expectInvalidToken(api, api.builder.accessToken(), 'token.key-unknown');
    expect(api.events.find(({ kind }) => kind === 'fetched')).toMatchObject({
      keys: 0,
      skipped: ['use is not sig', 'use is missing, in a set that holds encryption keys too'],
    });
  });

  it('[rfc8414-2-mixed-use] uses a key whose use is sig beside an encryption key', async () => {
    const api = await startDiscoveringApi();
    const encryption = { ...publicJwk(await generateJwk('P-256')), use: 'enc', kid: 'e1' };
    api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve('/jwks', { keys: [encryption, { ...publicJwk(api.key), use: 'sig' }] });
    await expectAccepted(api, api.builder.accessToken());
  });
});

describe('RFC 9068, metadata that must be consistent', () => {
  const row = '[rfc9068-4-metadata-consistent]';
  const consistent = { requireConsistentMetadata: true };

  async function expectMisconfigured(api: DiscoveringApi, message: string): Promise<void> {
    const refusal = await refusalOf(api.resourceServer.ready());
    expect(refusal).toBeInstanceOf(SetupError);
    expect((refusal as SetupError).message).toContain(message);
    await expectKeysUnavailable(api, api.builder.accessToken());
    expect(api.server.requests).not.toContain('/jwks');
  }

  it.each([
    ['without a path', '', inserted()],
    ['with the OpenID document inserted', '/t1', inserted('/t1')],
    ['with the OpenID document appended', '/t1', appended('/t1')],
  ])(
    `${row} takes an issuer %s for misconfigured where jwks_uri differs, naming it`,
    async (_what, path, place) => {
      const api = await startDiscoveringApi(path, consistent);
      api.server.serve(oauth(path), { issuer: api.issuer, jwks_uri: api.jwksUri });
      api.server.serve(place, { issuer: api.issuer, jwks_uri: `${api.server.origin}/other` });
      await expectMisconfigured(api, 'differ in jwks_uri');
    },
  );

  it(`${row} takes an issuer for misconfigured where only one document has a jwks_uri`, async () => {
    const api = await startDiscoveringApi('', consistent);
    api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve(inserted(), { issuer: api.issuer });
    await expectMisconfigured(api, 'differ in jwks_uri');
  });

  it.each([
    ['OAuth', oauth()],
    ['OpenID', inserted()],
  ])(
    `${row} takes an issuer for misconfigured where the %s document names another, naming issuer`,
    async (_what, place) => {
      const api = await startDiscoveringApi('', consistent);
      for (const each of [oauth(), inserted()]) {
        const issuer = each === place ? 'https://other.example' : api.issuer;
        api.server.serve(each, { issuer, jwks_uri: api.jwksUri });
      }
      await expectMisconfigured(api, 'names another issuer');
    },
  );

  it.each([
    ['both documents are there and agree', [oauth(), inserted()]],
    ['only the OAuth document is there', [oauth()]],
    ['only the OpenID document is there', [inserted()]],
  ])(`${row} accepts tokens where %s`, async (_what, places) => {
    const api = await startDiscoveringApi('', consistent);
    for (const place of places) {
      api.server.serve(place, { issuer: api.issuer, jwks_uri: api.jwksUri, scopes_supported: [place] });
    }
    await expectAccepted(api, api.builder.accessToken());
  });

  it.each([
    ['the OAuth', oauth(), 500],
    ['the OAuth', oauth(), 503],
    ['the OpenID', inserted(), 500],
    ['the OpenID', inserted(), 429],
  ])(`${row} accepts no token while %s document cannot be had (%s: %i)`, async (_what, place, status) => {
    const api = await startDiscoveringApi('', consistent);
    for (const each of [oauth(), inserted()]) {
      api.server.serve(each, { issuer: api.issuer, jwks_uri: api.jwksUri });
    }
    api.server.serveRaw(place, { status });
    await expectKeysUnavailable(api, api.builder.accessToken());
    expect(api.server.requests).not.toContain('/jwks');
  });

  it(`${row} is off unless it is asked for`, async () => {
    const api = await startDiscoveringApi();
    api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    api.server.serve(inserted(), { issuer: api.issuer, jwks_uri: `${api.server.origin}/other` });
    await expectAccepted(api, api.builder.accessToken());
  });

  it.each([
    [
      'beside keys',
      { keys: { jwksUri: 'https://as.example/jwks' } },
      'requireConsistentMetadata: it stands beside',
    ],
    ['as a text', { requireConsistentMetadata: 'yes' }, 'requireConsistentMetadata: it is not a boolean'],
  ])('refuses to start with the option %s', (_what, options, problem) => {
    const given = { issuer: 'https://as.example', audience, ...consistent, ...options };
    expect(() => createResourceServer(given as ResourceServerOptions)).toThrow(SetupError);
    expect(() => createResourceServer(given as ResourceServerOptions)).toThrow(problem);
  });

  it('is an option of one entry of a list of issuers, too', async () => {
    const issuer = 'https://as.example';
    const { server, fetched } = recording(
      issuer,
      {
        [`${issuer}${oauth()}`]: { issuer, jwks_uri: 'https://as.example/a' },
        [`${issuer}${inserted()}`]: { issuer, jwks_uri: 'https://as.example/b' },
      },
      { issuer: [{ issuer, ...consistent }] },
    );
    await expect(server.ready()).rejects.toThrow('differ in jwks_uri');
    expect(fetched).toEqual([`${issuer}${oauth()}`, `${issuer}${inserted()}`]);
  });
});

describe('an issuer that the configuration does not name', () => {
  const configured = 'https://as.example';

  async function expectNoRequestFor(iss: unknown): Promise<void> {
    const clock = fixedClock(nowSeconds);
    const builder = await createTokenBuilder({ issuer: configured, audience, clock });
    const { server, fetched } = recording(configured, {}, { clock });
    const token = builder.accessToken({ iss });
    const request = { method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } };
    const refusal = await refusalOf(server.authenticate(request));
    expect(isAssayError(refusal, 'token.issuer-unknown')).toBe(true);
    const { status, headers } = server.challenge(refusal);
    expect(status).toBe(401);
    expect(headers['WWW-Authenticate']).toContain('error="invalid_token"');
    expect(fetched).toEqual([]);
  }

  it.each(['https://169.254.169.254/', 'https://attacker.example', 'http://localhost'])(
    '[rfc8725-3.10-no-discovery-from-token] refuses a token of %s without any request',
    async (iss) => {
      await expectNoRequestFor(iss);
    },
  );

  it('[rfc8725-3.10-no-discovery-from-token] discovers a configured issuer', async () => {
    const { server, fetched } = recording(configured);
    await refusalOf(server.ready());
    expect(fetched[0]).toBe(`${configured}${oauth()}`);
  });

  it.each([
    ['with a parent directory', 'https://as.example/..'],
    ['with a directory and its parent', 'https://as.example/t1/..'],
    ['with a trailing slash', 'https://as.example/'],
    ['in upper case', 'https://AS.EXAMPLE'],
    ['with the scheme in upper case', 'HTTPS://as.example'],
    ['with the default port', 'https://as.example:443'],
    ['with another port', 'https://as.example:8443'],
    ['with user information', 'https://user@as.example'],
    ['with itself as user information', 'https://as.example@attacker.example'],
    ['with a prefix', 'https://evil.as.example'],
    ['with a suffix', 'https://as.example.attacker.example'],
    ['cut off', 'https://as.exampl'],
    ['with a query', 'https://as.example?x'],
    ['with white space', ' https://as.example'],
    ['in a list', [configured]],
    ['in a list with another', [configured, 'https://attacker.example']],
    ['in an object', { toString: configured }],
    ['as a name of the prototype', '__proto__'],
    ['left out', undefined],
    ['null', null],
    ['empty', ''],
  ])(
    '[attack-09-issuer-variants-cause-fetches-issuer] refuses the issuer %s without any request',
    async (_what, iss) => {
      await expectNoRequestFor(iss);
    },
  );
});

describe('metadata over time', () => {
  async function movingIssuer(): Promise<DiscoveringApi & { next: Jwk; moveKeys: () => void }> {
    const api = await startDiscoveringApi();
    const next = await generateJwk('P-256', { kid: 'k2', alg: 'ES256' });
    api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: api.jwksUri });
    await api.resourceServer.ready();
    const moveKeys = () => {
      api.server.serve('/moved-jwks', { keys: [publicJwk(next)] });
      api.server.serve(oauth(), { issuer: api.issuer, jwks_uri: `${api.server.origin}/moved-jwks` });
    };
    return { ...api, next, moveKeys };
  }
  const statusOf = async (api: DiscoveringApi, token: string) => (await api.sendToken(token)).status;
  const signedBy = (api: DiscoveringApi, key: Jwk) =>
    api.builder.accessToken({}, { key, header: { kid: key['kid'] } });

  it('follows a jwks_uri that has moved, once the old place is gone', async () => {
    const api = await movingIssuer();
    api.moveKeys();
    api.server.serveRaw('/jwks', { status: 404 });
    api.clock.advanceSeconds(600);
    expect(await statusOf(api, signedBy(api, api.key))).toBe(200);
    api.clock.advanceSeconds(1);
    expect(await statusOf(api, signedBy(api, api.next))).toBe(200);
    expect(await statusOf(api, signedBy(api, api.key))).toBe(401);
  });

  it('follows a jwks_uri that has moved within an hour, where the old place stays', async () => {
    const api = await movingIssuer();
    api.moveKeys();
    api.clock.advanceSeconds(3599);
    expect(await statusOf(api, signedBy(api, api.key))).toBe(200);
    expect(api.server.requests.filter((path) => path === oauth())).toHaveLength(1);
    api.clock.advanceSeconds(600);
    expect(await statusOf(api, signedBy(api, api.next))).toBe(200);
    expect(api.server.requests.filter((path) => path === oauth())).toHaveLength(2);
  });

  it('fetches the keys from where they were while only the metadata is out of order', async () => {
    const api = await movingIssuer();
    api.server.serveRaw(oauth(), { status: 503 });
    for (let hours = 0; hours < 10; hours++) {
      api.clock.advanceSeconds(3600);
      expect(await statusOf(api, signedBy(api, api.key))).toBe(200);
    }
    expect(api.events.filter(({ kind }) => kind === 'fetch-failed')).toEqual([]);
  });

  it('accepts no token after the last good set has expired where the metadata names another issuer by now', async () => {
    const api = await movingIssuer();
    api.server.serve(oauth(), { issuer: 'https://other.example', jwks_uri: api.jwksUri });
    api.server.serve(inserted(), { issuer: 'https://other.example', jwks_uri: api.jwksUri });
    api.clock.advanceSeconds(3600);
    expect(await statusOf(api, signedBy(api, api.key))).toBe(200);
    api.clock.advanceSeconds(600);
    await expectKeysUnavailable(api, signedBy(api, api.key));
    const names = api.events.map((event) => (event.kind === 'fetch-failed' ? event.error.name : event.kind));
    expect(names).toContain('IssuerMismatch');
  });
});
