import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  SetupError,
  type Claims,
  type IssuerOptions,
  type RequestView,
  type ResourceServer,
} from '@assay/core';
import { createTestIssuer, createTokenBuilder, type TestIssuer, type TokenBuilder } from '@assay/testing';

const bearer = (token: string, url = '/'): RequestView => ({
  method: 'GET',
  url,
  headers: { authorization: [`Bearer ${token}`] },
});

const codeOf = (api: ResourceServer, request: RequestView): Promise<string> =>
  api.authenticate(request).then(
    () => 'accepted',
    (error: unknown) => (error as { code: string }).code,
  );

describe('several issuers', () => {
  const builders = () =>
    Promise.all([
      createTokenBuilder({ issuer: 'https://a.example', audience: 'https://api.example/a', kid: 'k1' }),
      createTokenBuilder({
        issuer: 'https://b.example',
        audience: 'https://api.example/b',
        kid: 'k1',
        alg: 'RS256',
      }),
    ]);

  const apiFor = (a: TokenBuilder, b: TokenBuilder) =>
    createResourceServer({
      issuer: [
        { issuer: a.issuer, audience: a.audience, keys: a.jwks, algorithms: ['ES256'] },
        { issuer: b.issuer, audience: b.audience, keys: b.jwks, algorithms: ['RS256'] },
      ],
    });

  it('each has its audience: a token of one for the audience of the other is refused', async () => {
    const [a, b] = await builders();
    const api = apiFor(a, b);
    await expect(codeOf(api, bearer(a.accessToken()))).resolves.toBe('accepted');
    await expect(codeOf(api, bearer(b.accessToken()))).resolves.toBe('accepted');
    await expect(codeOf(api, bearer(a.accessToken({ aud: b.audience })))).resolves.toBe(
      'token.audience-mismatch',
    );
  });

  it('each has its keys and algorithms, also under the same kid', async () => {
    const [a, b] = await builders();
    const api = apiFor(a, b);
    const signedByB = a.accessToken({}, { key: b.key, header: { alg: 'RS256' } });
    await expect(codeOf(api, bearer(signedByB))).resolves.toBe('token.algorithm-refused');
  });
});

describe('a resolver of issuers', () => {
  const issuers: TestIssuer[] = [];
  afterEach(async () => {
    await Promise.all(issuers.splice(0).map((issuer) => issuer.close()));
  });

  async function tenants(...paths: readonly string[]): Promise<readonly TestIssuer[]> {
    const made = await Promise.all(paths.map((path) => createTestIssuer({ path })));
    issuers.push(...made);
    return made;
  }

  function apiFor(resolve: (identifier: string) => IssuerOptions | undefined, maximumIssuers = 10) {
    return createResourceServer({
      issuer: { resolve, maximumIssuers },
      audience: 'https://api.example',
      allowInsecureLoopback: true,
    });
  }

  it('names the issuer when its token comes; its keys are fetched once', async () => {
    const [tenant] = await tenants('/t1');
    const known = new Map([[tenant?.issuer, { issuer: tenant?.issuer ?? '' }]]);
    const api = apiFor((identifier) => known.get(identifier));
    for (let count = 0; count < 3; count++) {
      await expect(codeOf(api, bearer(tenant?.accessToken() ?? ''))).resolves.toBe('accepted');
    }
    expect(tenant?.requests).toEqual(['/.well-known/oauth-authorization-server/t1', '/jwks']);
  });

  it('causes no request for an issuer that it does not know', async () => {
    const [tenant, stranger] = await tenants('/t1', '/t2');
    const api = apiFor((identifier) => (identifier === tenant?.issuer ? { issuer: identifier } : undefined));
    await expect(codeOf(api, bearer(stranger?.accessToken() ?? ''))).resolves.toBe('token.issuer-unknown');
    expect(stranger?.requests).toEqual([]);
  });

  it('is asked each time: an issuer that it drops is refused at once', async () => {
    const [tenant] = await tenants('/t1');
    let trusted = true;
    const api = apiFor((identifier) => (trusted ? { issuer: identifier } : undefined));
    await expect(codeOf(api, bearer(tenant?.accessToken() ?? ''))).resolves.toBe('accepted');
    trusted = false;
    await expect(codeOf(api, bearer(tenant?.accessToken() ?? ''))).resolves.toBe('token.issuer-unknown');
  });

  it('keeps the keys of so many issuers and no more', async () => {
    const made = await tenants('/t1', '/t2', '/t3');
    const api = apiFor((identifier) => ({ issuer: identifier }), 2);
    for (const tenant of [...made, ...made]) await codeOf(api, bearer(tenant.accessToken()));
    expect(made.map(({ requests }) => requests.length)).toEqual([4, 4, 4]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('the database is down'))],
    ["answers with another issuer's options", () => ({ issuer: 'https://elsewhere.example' })],
    ['answers with options that are no good', (issuer: string) => ({ issuer, audience: '' })],
  ])('that %s is an outage, not a bad token', async (_name, resolve) => {
    const [tenant] = await tenants('/t1');
    const api = apiFor(resolve as never);
    await expect(codeOf(api, bearer(tenant?.accessToken() ?? ''))).resolves.toBe(
      'service.issuers-unavailable',
    );
  });

  it('is not asked about an identifier that is too long to be one', async () => {
    const [tenant] = await tenants('/t1');
    let asked = 0;
    const api = apiFor(() => {
      asked += 1;
      return undefined;
    });
    const token = tenant?.accessToken({ iss: `https://${'a'.repeat(2048)}.example` }) ?? '';
    await expect(codeOf(api, bearer(token))).resolves.toBe('token.issuer-unknown');
    expect(asked).toBe(0);
  });

  it('needs an audience for its challenges', () => {
    expect(() => createResourceServer({ issuer: { resolve: () => undefined } })).toThrow(SetupError);
  });

  it('refuses a number of issuers that is none', () => {
    expect(() => apiFor(() => undefined, 0)).toThrow('issuer.maximumIssuers: it is not a positive integer');
  });
});

describe('audienceOf', () => {
  const audience = ['https://api.example/a', 'https://api.example/b'];

  async function tenantApi(audienceOf: (request: RequestView) => string) {
    const tokens = await createTokenBuilder();
    const api = createResourceServer({ issuer: tokens.issuer, audience, keys: tokens.jwks, audienceOf });
    return { api, tokenFor: (claims: Claims) => tokens.accessToken(claims) };
  }

  const byPath = ({ url }: RequestView) => `https://api.example/${url.split('/')[1] ?? ''}`;

  it("[rfc8707-3-tenant] refuses a token for tenant a on tenant b's path", async () => {
    const { api, tokenFor } = await tenantApi(byPath);
    const tokenForA = tokenFor({ aud: 'https://api.example/a' });
    await expect(codeOf(api, bearer(tokenForA, '/a/orders'))).resolves.toBe('accepted');
    await expect(codeOf(api, bearer(tokenForA, '/b/orders'))).resolves.toBe('token.audience-mismatch');
  });

  it('cannot widen the configured audiences', async () => {
    const { api, tokenFor } = await tenantApi(byPath);
    const tokenForC = tokenFor({ aud: 'https://api.example/c' });
    await expect(codeOf(api, bearer(tokenForC, '/c/orders'))).resolves.toBe('token.audience-mismatch');
  });

  it('that throws is our own failure, and lets nobody in', async () => {
    const { api, tokenFor } = await tenantApi(() => {
      throw new Error('no tenant');
    });
    await expect(codeOf(api, bearer(tokenFor({ aud: audience[0] })))).resolves.toBe('service.failed');
  });
});

describe('one resource server with several audiences', () => {
  it('[rfc8707-2-resource-audience] accepts each of them exactly, and nothing below them', async () => {
    const tokens = await createTokenBuilder();
    const audience = ['https://api.example/v1', 'urn:acme:api'];
    const api = createResourceServer({ issuer: tokens.issuer, audience, keys: tokens.jwks });
    const verdicts = [...audience, 'https://api.example/v1/items'].map((aud) =>
      codeOf(api, bearer(tokens.accessToken({ aud }))),
    );
    await expect(Promise.all(verdicts)).resolves.toEqual(['accepted', 'accepted', 'token.audience-mismatch']);
  });
});

describe('subjectKind', () => {
  it('is what the issuer entry says it is', async () => {
    const tokens = await createTokenBuilder();
    const api = createResourceServer({
      issuer: tokens.issuer,
      audience: tokens.audience,
      keys: tokens.jwks,
      subjectKind: ({ idtyp }) => (idtyp === 'app' ? 'client' : 'user'),
    });
    const kindOf = async (claims: Claims) =>
      (await api.authenticate(bearer(tokens.accessToken(claims)))).subjectKind;
    await expect(kindOf({ idtyp: 'app' })).resolves.toBe('client');
    await expect(kindOf({})).resolves.toBe('user');
  });
});
