import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JwtBearerClientOptions } from '@assay/client';
import {
  key,
  metadataPath,
  nowSeconds,
  opaqueToken,
  partsOf,
  scriptedClient,
  tokenAnswer,
  type ScriptedClient,
} from './support/scripted-client.js';
import { send } from './support/scripted-server.js';

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

describe('getToken', () => {
  let scripted: ScriptedClient;
  beforeEach(async () => {
    scripted = await scriptedClient();
  });
  afterEach(() => scripted.server.close());

  const answerWith = (json: Readonly<Record<string, unknown>>) => {
    scripted.server.script('/token', { json });
  };

  it('returns the token, when it expires and what it is good for', async () => {
    expect(await scripted.client.getToken()).toEqual({
      accessToken: opaqueToken,
      expiresAt: nowSeconds + 300,
      scope: ['orders:read'],
    });
  });

  it('posts the grant as a form with one assertion and no credentials', async () => {
    await scripted.another({ scope: 'orders:read orders:write' }).getToken();
    const [metadata, request] = scripted.server.requests;
    expect(metadata).toMatchObject({ method: 'GET', path: metadataPath });
    expect(request).toMatchObject({
      method: 'POST',
      path: '/token',
      headers: {
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        accept: 'application/json',
      },
    });
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.body).toContain(`grant_type=${encodeURIComponent(grantType)}`);
    const form = new URLSearchParams(request?.body);
    expect([...form.keys()].sort()).toEqual(['assertion', 'grant_type', 'resource', 'scope']);
    expect(form.get('scope')).toBe('orders:read orders:write');
    expect(form.get('resource')).toBe(`${scripted.server.origin}/api`);
  });

  it('signs an assertion for the issuer alone, with a minute to live and a jti of 128 random bits', async () => {
    await scripted.client.getToken();
    const { header, claims } = partsOf(scripted.tokenRequests()[0]?.get('assertion') ?? null);
    expect(header).toEqual({ alg: 'ES256', kid: key['kid'], typ: 'JWT' });
    expect(claims).toEqual({
      iss: 'partner',
      sub: 'robot-1',
      aud: scripted.server.origin,
      iat: nowSeconds,
      exp: nowSeconds + 60,
      jti: expect.any(String),
    });
    expect(Buffer.from(claims['jti'] as string, 'base64url')).toHaveLength(16);
  });

  it('lets the assertion live as long as it is told', async () => {
    const assertion = { issuer: 'partner', subject: 'robot-1', key, lifetimeSeconds: 15 };
    await scripted.another({ assertion }).getToken();
    const { claims } = partsOf(scripted.tokenRequests()[0]?.get('assertion') ?? null);
    expect(claims['exp']).toBe(nowSeconds + 15);
  });

  it('names the issuer in aud even where the token endpoint is elsewhere', async () => {
    const { server, client } = scripted;
    server.script(metadataPath, {
      json: { issuer: server.origin, token_endpoint: `${server.origin}/elsewhere/token` },
    });
    server.script('/elsewhere/token', tokenAnswer);
    await client.getToken();
    const form = new URLSearchParams(server.requests.at(-1)?.body);
    expect(partsOf(form.get('assertion')).claims['aud']).toBe(server.origin);
  });

  it('has a fresh jti for every request, also after a failure', async () => {
    const { client, clock, server } = scripted;
    const failures: unknown[] = [];
    for (let round = 0; round < 21; round++) {
      server.script('/token', round === 7 ? (_request, response) => response.destroy() : tokenAnswer);
      await client.getToken().catch((error: unknown) => failures.push(error));
      clock.advanceSeconds(300);
    }
    expect(failures).toMatchObject([{ code: 'token-endpoint.unavailable' }]);
    const ids = scripted.tokenRequests().map((form) => partsOf(form.get('assertion')).claims['jti']);
    expect(ids).toHaveLength(21);
    expect(new Set(ids).size).toBe(21);
  });

  describe('keeps the token', () => {
    it.each([
      [300, 270],
      [3600, 3570],
      [60, 54],
    ])('of %d seconds for %d seconds, and not longer', async (expiresIn, kept) => {
      const { client, clock } = scripted;
      answerWith({ access_token: 'a', token_type: 'Bearer', expires_in: expiresIn });
      await client.getToken();
      clock.advanceSeconds(kept - 0.001);
      await client.getToken();
      expect(scripted.tokenRequests()).toHaveLength(1);
      clock.advanceSeconds(0.001);
      await client.getToken();
      expect(scripted.tokenRequests()).toHaveLength(2);
    });

    it('from the moment of the request, not of the answer', async () => {
      const { client, clock, server } = scripted;
      server.script('/token', (_request, response) => {
        clock.advanceSeconds(100);
        send(response, tokenAnswer);
      });
      expect((await client.getToken()).expiresAt).toBe(nowSeconds + 300);
    });

    it('only where its life is told', async () => {
      answerWith({ access_token: 'a', token_type: 'Bearer' });
      expect((await scripted.client.getToken()).expiresAt).toBeUndefined();
      await scripted.client.getToken();
      expect(scripted.tokenRequests()).toHaveLength(2);
    });

    it('[rfc9068-6-client-opaque] as long as expires_in says, whatever a JWT says', async () => {
      const payload = Buffer.from(JSON.stringify({ exp: nowSeconds + 5 })).toString('base64url');
      answerWith({ access_token: `e30.${payload}.x`, token_type: 'Bearer', expires_in: 3600 });
      expect((await scripted.client.getToken()).expiresAt).toBe(nowSeconds + 3600);
      scripted.clock.advanceSeconds(60);
      await scripted.client.getToken();
      expect(scripted.tokenRequests()).toHaveLength(1);
    });

    it.each(['not-a-jwt', 'e30.e30', '..', 'a b'])(
      '[rfc9068-6-client-opaque] %j, which is no JWT',
      async (accessToken) => {
        answerWith({ access_token: accessToken, token_type: 'Bearer', expires_in: 3600 });
        expect((await scripted.client.getToken()).accessToken).toBe(accessToken);
      },
    );

    it('[rfc7521-4.1-client-renews-with-assertion] and renews it with a new assertion, never with a refresh token', async () => {
      const { client, clock } = scripted;
      answerWith({ access_token: 'a', token_type: 'Bearer', expires_in: 60, refresh_token: 'r' });
      await client.getToken();
      clock.advanceSeconds(60);
      await client.getToken();
      const forms = scripted.tokenRequests();
      expect(forms.map((form) => form.get('grant_type'))).toEqual([grantType, grantType]);
      expect(forms.map((form) => form.has('refresh_token'))).toEqual([false, false]);
      expect(new Set(forms.map((form) => form.get('assertion'))).size).toBe(2);
    });
  });

  it('makes one request for 50 callers at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => scripted.client.getToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(scripted.server.requests.map(({ path }) => path)).toEqual([metadataPath, '/token']);
  });

  it('tells all callers of a failure, and asks again the next time', async () => {
    scripted.server.script('/token', { status: 400, json: { error: 'invalid_grant' } });
    const failed = await Promise.allSettled(Array.from({ length: 5 }, () => scripted.client.getToken()));
    expect(failed.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(scripted.tokenRequests()).toHaveLength(1);
    scripted.server.script('/token', tokenAnswer);
    expect((await scripted.client.getToken()).accessToken).toBe(opaqueToken);
  });

  it('takes what was asked for as the scope where the answer has none', async () => {
    answerWith({ access_token: 'a', token_type: 'Bearer', expires_in: 60 });
    expect((await scripted.client.getToken()).scope).toEqual([]);
    expect((await scripted.another({ scope: ['a', 'b'] }).getToken()).scope).toEqual(['a', 'b']);
  });

  it('asks for the metadata again when the token endpoint has gone', async () => {
    const { client, server } = scripted;
    await client.getToken();
    scripted.clock.advanceSeconds(300);
    server.script('/token', { status: 404 });
    await expect(client.getToken()).rejects.toMatchObject({ code: 'token-request.refused', status: 404 });
    server.script(metadataPath, { json: { issuer: server.origin, token_endpoint: `${server.origin}/new` } });
    server.script('/new', tokenAnswer);
    expect((await client.getToken()).accessToken).toBe(opaqueToken);
  });

  it('asks for the metadata once where the request is what was wrong', async () => {
    const { client, server } = scripted;
    server.script('/token', { status: 400, json: { error: 'invalid_grant' } });
    await expect(client.getToken()).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(client.getToken()).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(server.requests.filter(({ path }) => path === metadataPath)).toHaveLength(1);
  });

  describe('judges the token response:', () => {
    it('[rfc6749-5.1-client-ignores-unknown] ignores members that it does not know', async () => {
      answerWith({ ...tokenAnswer.json, extra: { nested: true }, another: 1 });
      expect((await scripted.client.getToken()).accessToken).toBe(opaqueToken);
    });

    const rest = { expires_in: 300, scope: 'orders:read' };
    const bad: readonly [string, Readonly<Record<string, unknown>>][] = [
      ['no token_type', { ...rest, access_token: 'secret-token' }],
      ['no access_token', { ...rest, token_type: 'Bearer' }],
      ['an empty access_token', { ...rest, access_token: '', token_type: 'Bearer' }],
      ['another token_type', { ...rest, access_token: 'secret-token', token_type: 'N_A' }],
      ['a DPoP token that nobody asked for', { ...rest, access_token: 'secret-token', token_type: 'DPoP' }],
      ['expires_in as a text', { ...tokenAnswer.json, expires_in: '300' }],
      ['expires_in as a bad text', { ...tokenAnswer.json, expires_in: 'soon' }],
      ['expires_in as null', { ...tokenAnswer.json, expires_in: null }],
      ['a negative expires_in', { ...tokenAnswer.json, expires_in: -1 }],
      ['scope as a list', { ...tokenAnswer.json, scope: ['orders:read'] }],
    ];

    it.each(bad)('[rfc6749-5.1-client-ignores-unknown] refuses %s', async (_form, json) => {
      answerWith(json);
      await expect(scripted.client.getToken()).rejects.toMatchObject({
        name: 'ClientError',
        code: 'token-response.invalid',
        status: 200,
      });
    });

    it.each([
      ['HTML with status 200', { body: '<html>', headers: { 'content-type': 'text/html' } }],
      ['broken JSON', { body: '{', headers: { 'content-type': 'application/json' } }],
      ['a list', { json: [] }],
    ])('[rfc6749-5.1-client-ignores-unknown] refuses %s', async (_form, answer) => {
      scripted.server.script('/token', answer);
      await expect(scripted.client.getToken()).rejects.toMatchObject({ code: 'token-response.invalid' });
    });

    it.each([
      [
        'an error with its code',
        { status: 400, json: { error: 'invalid_scope' } },
        'token-request.refused',
        'invalid_scope',
      ],
      [
        '401 with a challenge',
        { status: 401, json: { error: 'invalid_client' }, headers: { 'www-authenticate': 'Basic' } },
        'token-request.refused',
        'invalid_client',
      ],
      ['an error without a code', { status: 400, body: 'no' }, 'token-request.refused', undefined],
      [
        'an error with a code that is none',
        { status: 400, json: { error: 'eyJhbGciOi.J9.x' } },
        'token-request.refused',
        undefined,
      ],
      [
        'an error with a code that is too long',
        { status: 400, json: { error: 'a'.repeat(65) } },
        'token-request.refused',
        undefined,
      ],
      [
        'an outage',
        { status: 503, json: { error: 'temporarily_unavailable' } },
        'token-endpoint.unavailable',
        undefined,
      ],
      ['201', { status: 201, json: tokenAnswer.json }, 'token-endpoint.unavailable', undefined],
    ])('reports %s', async (_form, answer, code, error) => {
      scripted.server.script('/token', answer);
      await expect(scripted.client.getToken()).rejects.toMatchObject({ code, error, status: answer.status });
    });
  });

  describe('judges the metadata:', () => {
    const otherIssuers: readonly [string, (origin: string) => string][] = [
      ['of another issuer', () => 'https://other.example'],
      ['with an added slash', (origin) => `${origin}/`],
      ['in another case', (origin) => origin.replace('http', 'HTTP')],
      ['with its port written twice as long', (origin) => origin.replace(/:(\d+)$/, ':0$1')],
    ];

    it.each(otherIssuers)('[rfc8414-3.3-client-issuer-check] refuses them %s', async (_form, issuerOf) => {
      const { client, server } = scripted;
      server.script(metadataPath, {
        json: { issuer: issuerOf(server.origin), token_endpoint: `${server.origin}/token` },
      });
      await expect(client.getToken()).rejects.toMatchObject({ code: 'metadata.issuer-mismatch' });
      expect(server.requests.map(({ path }) => path)).toEqual([metadataPath]);
      server.script(metadataPath, {
        json: { issuer: server.origin, token_endpoint: `${server.origin}/token` },
      });
      expect((await client.getToken()).accessToken).toBe(opaqueToken);
    });

    it('[rfc8414-3.3-client-issuer-check] refuses them from behind a redirect', async () => {
      const other = await scriptedClient();
      try {
        const { client, server } = scripted;
        server.script(metadataPath, {
          status: 302,
          headers: { location: `${other.server.origin}${metadataPath}` },
        });
        await expect(client.getToken()).rejects.toMatchObject({ code: 'metadata.unavailable', status: 302 });
        expect(other.server.requests).toEqual([]);
      } finally {
        await other.server.close();
      }
    });

    it.each([
      ['none', {}],
      ['one that is no text', { token_endpoint: 1 }],
      ['a relative one', { token_endpoint: '/token' }],
      ['one on plain http', { token_endpoint: 'http://as.example/token' }],
    ])('refuses %s for a token endpoint', async (_form, endpoint) => {
      const { client, server } = scripted;
      server.script(metadataPath, { json: { issuer: server.origin, ...endpoint } });
      await expect(client.getToken()).rejects.toMatchObject({ code: 'metadata.invalid' });
      expect(server.requests).toHaveLength(1);
    });

    it.each([
      ['missing', { status: 404 }, 'metadata.unavailable'],
      ['no JSON', { body: '<html>', headers: { 'content-type': 'text/html' } }, 'metadata.invalid'],
      ['a list', { json: [] }, 'metadata.invalid'],
      ['without an issuer', { json: {} }, 'metadata.invalid'],
    ])('refuses them when they are %s', async (_form, answer, code) => {
      scripted.server.script(metadataPath, answer);
      await expect(scripted.client.getToken()).rejects.toMatchObject({ code });
    });
  });

  describe('talks safely:', () => {
    it('[client-transport-safety] sends nothing to a token endpoint on plain http', async () => {
      const { client, server } = scripted;
      server.script(metadataPath, {
        json: { issuer: server.origin, token_endpoint: 'http://as.example/token' },
      });
      await expect(client.getToken()).rejects.toMatchObject({ code: 'metadata.invalid' });
      expect(scripted.tokenRequests()).toEqual([]);
    });

    it('[client-transport-safety] follows no 307 from the token endpoint', async () => {
      const { client, server } = scripted;
      server.script('/token', { status: 307, headers: { location: `${server.origin}/stolen` } });
      server.script('/stolen', tokenAnswer);
      await expect(client.getToken()).rejects.toMatchObject({
        code: 'token-endpoint.unavailable',
        status: 307,
      });
      expect(server.requests.map(({ path }) => path)).toEqual([metadataPath, '/token']);
    });

    it.each([
      ['the token endpoint', '/token', 'token-endpoint.unavailable'],
      ['the metadata', metadataPath, 'metadata.unavailable'],
    ])('[client-transport-safety] stops reading an answer of 5 MB from %s', async (_form, path, code) => {
      const { client, server } = scripted;
      let written = 0;
      server.script(path, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const block = Buffer.alloc(64 * 1024, 0x20);
        const write = () => {
          while (written < 5 * 1024 * 1024 && !response.destroyed) {
            written += block.length;
            if (!response.write(block)) {
              response.once('drain', write);
              return;
            }
          }
          response.end();
        };
        write();
      });
      const error = await client.getToken().catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ code });
      expect(String((error as Error).cause)).toContain('larger than 524288 bytes');
    });

    it.each([
      ['the token endpoint', '/token', 'token-endpoint.unavailable'],
      ['the metadata', metadataPath, 'metadata.unavailable'],
    ])('[client-transport-safety] gives up on %s when it hangs', async (_form, path, code) => {
      scripted.server.script(path, () => undefined);
      const error = await scripted
        .another({ timeoutMs: 50 })
        .getToken()
        .catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ code });
      expect(String((error as Error).cause)).toContain('no answer in time');
    });

    it('[client-transport-safety] gives up on an answer that never ends', async () => {
      scripted.server.script('/token', (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      });
      await expect(scripted.another({ timeoutMs: 50 }).getToken()).rejects.toMatchObject({
        code: 'token-endpoint.unavailable',
      });
    });

    it('reports a server that is not there', async () => {
      await scripted.server.close();
      const error = await scripted.client.getToken().catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ code: 'metadata.unavailable' });
      expect(String((error as Error).cause)).toContain('ECONNREFUSED');
      scripted = await scriptedClient();
    });
  });

  it('is prepared by ready', async () => {
    await scripted.client.ready();
    expect(scripted.server.requests.map(({ path }) => path)).toEqual([metadataPath]);
    await scripted.client.getToken();
    expect(scripted.server.requests.map(({ path }) => path)).toEqual([metadataPath, '/token']);
  });

  it('uses the fetch that it is given', async () => {
    const urls: string[] = [];
    const fetch: NonNullable<JwtBearerClientOptions['fetch']> = (url, init) => {
      urls.push(new URL(url).pathname);
      return globalThis.fetch(url, init);
    };
    await scripted.another({ fetch }).getToken();
    expect(urls).toEqual([metadataPath, '/token']);
  });
});
