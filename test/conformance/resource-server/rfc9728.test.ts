import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  audience,
  authorizationDetail,
  createResourceServer,
  failures,
  generateSigningJwk,
  scope,
  SetupError,
  type Algorithm,
  type ProtectedResourceMetadata,
  type Requirement,
  type ResourceMetadataOptions,
  type ResourceServerOptions,
} from '@assay/core';
import { fixedClock, type TokenBuilder } from '@assay/testing';
import { parseChallenges } from '../support/parse-challenges.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import {
  closePublishedApis,
  firstVersion,
  publishedPlatforms,
  secondVersion,
  startPublishedApi,
  type PublishedApi,
} from '../support/published-api.js';
import type { RawAnswer } from '../support/raw-http.js';

const wellKnown = '/.well-known/oauth-protected-resource';
const clock = fixedClock(nowSeconds);
let builder: TokenBuilder;

beforeAll(async () => {
  builder = await baselineBuilder(clock);
});
afterAll(closePublishedApis);

/** The baseline of the matrices, which publishes its metadata. */
function settings(changes: Partial<ResourceServerOptions> = {}): ResourceServerOptions {
  const keys =
    Array.isArray(changes.issuer) || typeof changes.issuer === 'object' ? {} : { keys: builder.jwks };
  return {
    issuer: 'https://as.example',
    audience: 'https://api.example',
    clock,
    metadata: {},
    ...keys,
    ...changes,
  };
}

function documentOf(answer: RawAnswer): ProtectedResourceMetadata & { readonly signed_metadata?: string } {
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as ProtectedResourceMetadata;
}

function errorOf(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

describe('RFC 9728 section 1.2, resource identifiers', () => {
  const refused: readonly (readonly [string, Partial<ResourceServerOptions>, string])[] = [
    ['the audience http://api.example', { audience: 'http://api.example' }, 'metadata'],
    ['the audience https://api.example#x', { audience: 'https://api.example#x' }, 'metadata'],
    ['the audience https://api.example/#', { audience: 'https://api.example/#' }, 'metadata'],
    ['the audience urn:api', { audience: 'urn:api' }, 'metadata'],
    ['one such audience of two', { audience: ['https://api.example', 'urn:api'] }, 'metadata'],
    ['loopback where that is not allowed', { audience: 'http://127.0.0.1:4000' }, 'metadata'],
    [
      'the signing algorithm none',
      { metadata: { resourceSigningAlgorithms: ['none' as Algorithm] } },
      'metadata.resourceSigningAlgorithms',
    ],
    ['a key set over plain http', { metadata: { jwksUri: 'http://api.example/jwks' } }, 'metadata.jwksUri'],
    [
      'a key set over plain http for one audience',
      { metadata: { resources: { 'https://api.example': { jwksUri: 'http://api.example/jwks' } } } },
      'metadata.resources["https://api.example"].jwksUri',
    ],
  ];

  it.each(refused)('[rfc9728-1.2-resource-form] does not start with %s', (_what, changes, option) => {
    const error = errorOf(() => createResourceServer(settings(changes)));
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).option).toBe(option);
  });

  const warnings = () => jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);

  it('[rfc9728-1.2-resource-form] starts with https://api.example/v1?tenant=a, and warns of it', () => {
    const warning = warnings();
    const audience = 'https://api.example/v1?tenant=a';
    const resourceServer = createResourceServer(settings({ audience }));
    expect(resourceServer.metadata().resource).toBe(audience);
    expect(resourceServer.warnings).toContainEqual(expect.stringContaining(audience));
    expect(warning.mock.calls).toEqual([
      [expect.stringContaining(audience), { code: 'ASSAY_RESOURCE_WITH_QUERY' }],
    ]);
    warning.mockRestore();
  });

  it.each([
    ['https://api.example', false],
    ['https://api.example/v1', false],
    ['http://127.0.0.1:4000', true],
  ])('[rfc9728-1.2-resource-form] starts with %s without a warning', (audience, allowInsecureLoopback) => {
    const warning = warnings();
    const resourceServer = createResourceServer(settings({ audience, allowInsecureLoopback }));
    expect(resourceServer.metadata().resource).toBe(audience);
    expect(resourceServer.warnings).not.toContainEqual(expect.stringContaining(audience));
    expect(warning).not.toHaveBeenCalled();
    warning.mockRestore();
  });
});

describe.each(publishedPlatforms)('RFC 9728 section 3 on %s', (platform) => {
  const start = (changes: Partial<ResourceServerOptions> = {}) =>
    startPublishedApi(platform, settings(changes));

  describe('where metadata is', () => {
    const places = {
      'https://api.example': wellKnown,
      'https://api.example/': wellKnown,
      'https://api.example/v1': `${wellKnown}/v1`,
      'https://api.example/v1/': `${wellKnown}/v1/`,
      'https://api.example/v1?tenant=a': `${wellKnown}/v1?tenant=a`,
      'https://api.example?tenant=a': `${wellKnown}?tenant=a`,
    } as const;
    const audiences = Object.keys(places) as (keyof typeof places)[];

    it.each(audiences)(
      '[rfc9728-3-well-known] answers for %s at its place, and nowhere else',
      async (audience) => {
        const warning = jest.spyOn(process, 'emitWarning').mockReturnValue(undefined);
        const api = await start({ audience });
        warning.mockRestore();
        const place = places[audience];
        expect(documentOf(await api.send({ target: place })).resource).toBe(audience);

        const others = new Set([
          ...Object.values(places),
          `${place}${place.includes('?') ? '&' : '?'}x=1`,
          `${wellKnown}/v2`,
          `/v1${wellKnown}`,
          `/api${wellKnown}`,
          wellKnown.toUpperCase(),
        ]);
        others.delete(place);
        // Behind `protect`, whoever has no token is not told what there is not.
        const lines = [`Authorization: Bearer ${builder.accessToken({ aud: audience })}`];
        const answers = await Promise.all([...others].map((target) => api.send({ target, lines })));
        expect(answers.map(({ status }) => status)).toEqual([...others].map(() => 404));
      },
    );
  });

  describe('the answer', () => {
    let api: PublishedApi;
    beforeAll(async () => {
      api = await start({ metadata: { scopesSupported: ['orders:read'] } });
    });
    const send = (method: string, lines: readonly string[] = []) =>
      api.send({ method, target: wellKnown, lines });

    it('[rfc9728-3.2-response] is a JSON object that may be kept for an hour', async () => {
      const answer = await send('GET');
      expect(documentOf(answer)).toEqual({
        resource: 'https://api.example',
        authorization_servers: ['https://as.example'],
        scopes_supported: ['orders:read'],
        bearer_methods_supported: ['header'],
      });
      expect(answer.headers['content-type']).toEqual(['application/json']);
      expect(answer.headers['cache-control']).toEqual(['public, max-age=3600']);
      expect(answer.headers['www-authenticate']).toBeUndefined();
    });

    it('[rfc9728-3.2-response] to HEAD has no body', async () => {
      const [head, get] = await Promise.all([send('HEAD'), send('GET')]);
      expect(head.status).toBe(200);
      expect(head.body).toBe('');
      expect(head.headers['content-type']).toEqual(['application/json']);
      expect(head.headers['cache-control']).toEqual(['public, max-age=3600']);
      expect(head.headers['content-length']).toEqual([String(get.body.length)]);
    });

    it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('[rfc9728-3.2-response] to %s is 405', async (method) => {
      const answer = await send(method);
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toEqual(['GET, HEAD']);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.body).toBe('');
    });

    it('[rfc9728-3.2-response] is the same with a token that is worth nothing', async () => {
      const answer = await send('GET', ['Authorization: Bearer worthless']);
      expect(documentOf(answer).resource).toBe('https://api.example');
    });

    it('[rfc9728-3.2-response] leaves everything else closed', async () => {
      const answer = await api.send({});
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.body)).toEqual({
        error_description: failures['request.token-missing'].description,
      });
    });

    it('lets scripts of every origin read it, also where their browser asks beforehand', async () => {
      const [answer, beforehand] = await Promise.all([
        send('GET', ['Origin: https://app.example']),
        send('OPTIONS', [
          'Origin: https://app.example',
          'Access-Control-Request-Method: GET',
          'Access-Control-Request-Headers: mcp-protocol-version',
        ]),
      ]);
      expect(answer.headers['access-control-allow-origin']).toEqual(['*']);
      expect(beforehand.status).toBe(204);
      expect(beforehand.headers).toMatchObject({
        'access-control-allow-origin': ['*'],
        'access-control-allow-methods': ['GET, HEAD'],
        'access-control-allow-headers': ['*'],
      });
    });

    it.each([0, 60])(
      '[rfc9728-3.2-response] may be kept for %d seconds where that is set up',
      async (cacheSeconds) => {
        const other = await start({ metadata: { cacheSeconds } });
        const answer = await other.send({ target: wellKnown });
        expect(answer.headers['cache-control']).toEqual([`public, max-age=${String(cacheSeconds)}`]);
      },
    );
  });

  describe('two resources', () => {
    let api: PublishedApi;
    beforeAll(async () => {
      api = await start({
        audience: [firstVersion, secondVersion],
        metadata: {
          resourceName: 'Orders',
          scopesSupported: ['orders:read'],
          resources: { [secondVersion]: { scopesSupported: ['orders:write'] } },
        },
      });
    });

    it.each([
      { path: '/v1', resource: firstVersion, scopes: ['orders:read'] },
      { path: '/v2', resource: secondVersion, scopes: ['orders:write'] },
    ])(
      '[rfc9728-3.3-resource-identical] are each called as configured: $resource',
      async ({ path, resource, scopes }) => {
        const document = documentOf(await api.send({ target: `${wellKnown}${path}` }));
        expect(document.resource).toBe(resource);
        expect(document.scopes_supported).toEqual(scopes);
        expect(document.resource_name).toBe('Orders');
        expect(document).toEqual(api.resourceServer.metadata(resource));
      },
    );

    it.each([firstVersion, secondVersion])(
      '[rfc9728-3.3-resource-identical] go by the configuration, whatever the Host header is: %s',
      async (resource) => {
        const answer = await api.send({
          target: `${wellKnown}${new URL(resource).pathname}`,
          host: 'other.example',
          lines: ['X-Forwarded-Host: other.example', 'Forwarded: host=other.example;proto=https'],
        });
        expect(documentOf(answer).resource).toBe(resource);
        expect(answer.text).not.toContain('other.example');
      },
    );

    it.each([
      ['/v1/orders', firstVersion],
      ['/v2/orders', secondVersion],
    ])('[rfc9728-5.1-challenge] are each pointed to below their path: %s', async (target, resource) => {
      expect(await metadataIn(api, { target })).toEqual([
        `https://api.example${wellKnown}${new URL(resource).pathname}`,
      ]);
    });

    it('[rfc9728-5.1-challenge] are not pointed to where the path leads to neither', async () => {
      expect(await metadataIn(api, { target: '/orders' })).toEqual([undefined]);
    });

    it('[rfc9728-5.1-challenge] are pointed to where a route is narrowed to one of them', async () => {
      const lines = [`Authorization: Bearer ${builder.accessToken({ aud: firstVersion })}`];
      const answer = await api.send({ target: '/narrowed', lines });
      expectRefusalOf(answer, 'token.audience-mismatch');
      expect(pointersIn(answer)).toEqual([`https://api.example${wellKnown}/v2`]);
    });

    it('[rfc9728-5.1-challenge] are told apart by what narrows the request', async () => {
      const narrowing = await start({
        audience: [firstVersion, secondVersion],
        audienceOf: ({ url }) => (url.startsWith('/orders') ? secondVersion : firstVersion),
      });
      expect(await metadataIn(narrowing, { target: '/orders' })).toEqual([
        `https://api.example${wellKnown}/v2`,
      ]);
      const lines = [`Authorization: Bearer ${builder.accessToken({ aud: firstVersion })}`];
      const insufficient = await narrowing.send({ target: '/scoped', lines });
      expectRefusalOf(insufficient, 'scope.insufficient');
      expect(pointersIn(insufficient)).toEqual([`https://api.example${wellKnown}/v1`]);
    });

    it('[rfc9728-5.1-challenge] are not pointed to where what narrows the request is not published', async () => {
      const narrowing = await start({
        audience: [firstVersion, secondVersion],
        audienceOf: () => secondVersion,
        metadata: { resources: { [secondVersion]: false } },
      });
      expect(await metadataIn(narrowing, { target: '/orders' })).toEqual([undefined]);
      const published = await narrowing.send({ target: `${wellKnown}/v1` });
      expect(published.status).toBe(200);
      const left = await narrowing.send({ target: `${wellKnown}/v2` });
      expect(left.status).not.toBe(200);
    });
  });

  describe('challenges', () => {
    const dpop = { requireSenderConstraint: 'dpop' } as const;
    const bearer = () => `Bearer ${builder.accessToken({ scope: 'orders:write' })}`;

    const url = `https://api.example${wellKnown}`;
    const routes = [
      { route: 'Bearer', changes: {}, schemes: ['bearer'] },
      { route: 'DPoP', changes: dpop, schemes: ['dpop'] },
      { route: 'mixed', changes: { dpop: true }, schemes: ['bearer', 'dpop'] },
    ] as const;

    it.each(routes)(
      '[rfc9728-5.1-challenge] of $route routes point to the metadata, without a token',
      async ({ changes, schemes }) => {
        const { status, challenges } = await (await start(changes)).send({});
        expect(status).toBe(401);
        expect(challenges).toMatchObject(
          schemes.map((scheme) => ({ scheme, parameters: { resource_metadata: url } })),
        );
      },
    );

    it.each(routes.flatMap((route) => ['Bearer', 'DPoP'].map((used) => ({ ...route, used }))))(
      '[rfc9728-5.1-challenge] of $route routes point to the metadata, with a bad token under $used',
      async ({ changes, used }) => {
        const answer = await (await start(changes)).send({ lines: [`Authorization: ${used} worthless`] });
        expect(answer.status).toBe(401);
        expect(new Set(pointersIn(answer))).toEqual(new Set([url]));
      },
    );

    it('[rfc9728-5.1-challenge] write the URL as a quoted string', async () => {
      const answer = await (await start()).send({});
      expect(answer.headers['www-authenticate']).toEqual([
        `Bearer realm="https://api.example", resource_metadata="https://api.example${wellKnown}"`,
      ]);
    });

    it.each([
      ['Bearer', {}],
      ['mixed', { dpop: true }],
    ] as const)('[rfc9728-5.1-challenge] of 403 answers point there as well: %s', async (_what, changes) => {
      const api = await start(changes);
      const answer = await api.send({ target: '/scoped', lines: [`Authorization: ${bearer()}`] });
      expectRefusalOf(answer, 'scope.insufficient');
      expect(new Set(pointersIn(answer))).toEqual(new Set([`https://api.example${wellKnown}`]));
    });

    it.each([
      ['without a token', [], 401],
      ['without the scope', undefined, 403],
    ] as const)(
      '[rfc9728-5.1-challenge] point nowhere where nothing is published: %s',
      async (_what, lines, status) => {
        const unpublished = Object.entries(settings()).filter(([name]) => name !== 'metadata');
        const api = await startPublishedApi(
          platform,
          Object.fromEntries(unpublished) as unknown as ResourceServerOptions,
        );
        const answer = await api.send({ target: '/scoped', lines: lines ?? [`Authorization: ${bearer()}`] });
        expect(answer.status).toBe(status);
        expect(answer.text).not.toContain('resource_metadata');
        const document = await api.send({ target: wellKnown });
        expect(document.status).not.toBe(200);
      },
    );
  });

  it('[rfc9728-2.2-signed-metadata] publishes what is signed, and the key', async () => {
    const key = await generateSigningJwk('ES256');
    const api = await start({ metadata: { scopesSupported: ['orders:read'], sign: { keys: [key] } } });
    const { signed_metadata: jwt = '', ...plain } = documentOf(await api.send({ target: wellKnown }));
    expect(plain.jwks_uri).toBe('https://api.example/jwks');
    const keySet = await api.send({ target: '/jwks' });
    expect(keySet.headers['content-type']).toEqual(['application/json']);
    expect(keySet.text).not.toContain(String(key['d']));

    const { header, claims } = verifiedWith(keySet.body, jwt);
    expect(header).toEqual({ alg: 'ES256', kid: key['kid'], typ: 'JWT' });
    expect(claims).toEqual({
      iss: 'https://api.example',
      iat: nowSeconds,
      exp: nowSeconds + 86_400,
      ...plain,
    });
    expect(claims).not.toHaveProperty('signed_metadata');
  });

  it('[rfc9728-2.2-signed-metadata] signs with the first of several keys, and publishes all', async () => {
    const keys = await Promise.all([generateSigningJwk('EdDSA'), generateSigningJwk('RS256')]);
    const api = await start({ audience: firstVersion, metadata: { sign: { keys } } });
    const { signed_metadata: jwt = '', jwks_uri: uri = '' } = documentOf(
      await api.send({ target: `${wellKnown}/v1` }),
    );
    expect(uri).toBe('https://api.example/v1/jwks');
    const { body } = await api.send({ target: '/v1/jwks' });
    expect((JSON.parse(body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)).toEqual(
      keys.map(({ kid }) => kid),
    );
    expect(verifiedWith(body, jwt).claims).toMatchObject({ iss: firstVersion, resource: firstVersion });
  });
});

describe('RFC 9728 section 5.1, without HTTP', () => {
  it('[rfc9728-5.1-challenge] points to the audience that requirements narrow a route to', async () => {
    const api = createResourceServer(settings({ audience: [firstVersion, secondVersion] }));
    const token = builder.accessToken({ aud: firstVersion });
    const headers = { authorization: [`Bearer ${token}`] };
    const principal = await api.authenticate({ method: 'GET', url: '/v1/orders', headers });
    const pointerOf = async (...requirements: Requirement[]) => {
      const refusal: unknown = await api.authorize(principal, requirements).catch((error: unknown) => error);
      return parseChallenges(api.challenge(refusal).headers['WWW-Authenticate'] ?? '').map(
        ({ parameters }) => parameters['resource_metadata'],
      );
    };

    expect(await pointerOf(audience(secondVersion))).toEqual([`https://api.example${wellKnown}/v2`]);
    expect(await pointerOf(scope('orders:read'))).toEqual([`https://api.example${wellKnown}/v1`]);
    expect(await pointerOf(scope('orders:read'), audience(secondVersion))).toEqual([
      `https://api.example${wellKnown}/v2`,
    ]);
  });
});

describe('RFC 9728 section 2, what is said', () => {
  const documentWith = (changes: Partial<ResourceServerOptions>) =>
    createResourceServer(settings(changes)).metadata();

  it('[rfc9728-3.2-empty-omitted] leaves out what has no values', () => {
    const issuer = { resolve: () => undefined };
    const metadata = {
      scopesSupported: [],
      authorizationDetailsTypesSupported: [],
      requirements: [],
    };
    expect(documentWith({ issuer, metadata })).toEqual({
      resource: 'https://api.example',
      bearer_methods_supported: ['header'],
    });
  });

  it('[rfc9728-3.2-empty-omitted] leaves an empty list where bearer tokens are not taken', () => {
    expect(documentWith({ requireSenderConstraint: 'dpop' }).bearer_methods_supported).toEqual([]);
  });

  const enforced: readonly (readonly [
    string,
    Partial<ResourceServerOptions>,
    Partial<ProtectedResourceMetadata>,
  ])[] = [
    ['tokens in the header alone', {}, { bearer_methods_supported: ['header'] }],
    [
      'tokens in a form too',
      { tokenLocations: ['header', 'form'] },
      { bearer_methods_supported: ['header', 'body'] },
    ],
    [
      'tokens in the query too',
      { tokenLocations: ['header', 'query'] },
      { bearer_methods_supported: ['header', 'query'] },
    ],
    [
      'DPoP offered',
      { dpop: { algorithms: ['ES256', 'EdDSA'] } },
      { bearer_methods_supported: ['header'], dpop_signing_alg_values_supported: ['ES256', 'EdDSA'] },
    ],
    [
      'DPoP required',
      { dpop: { algorithms: ['ES256'] }, requireSenderConstraint: 'dpop' },
      {
        bearer_methods_supported: [],
        dpop_signing_alg_values_supported: ['ES256'],
        dpop_bound_access_tokens_required: true,
      },
    ],
    [
      'client certificates required',
      { requireSenderConstraint: 'mtls' },
      { bearer_methods_supported: ['header'], tls_client_certificate_bound_access_tokens: true },
    ],
    [
      'client certificates that a proxy names',
      { trustedProxies: ['10.0.0.1'], clientCertificate: { header: 'Client-Cert' } },
      { bearer_methods_supported: ['header'], tls_client_certificate_bound_access_tokens: true },
    ],
    [
      'any of the two required',
      { dpop: { algorithms: ['ES256'] }, requireSenderConstraint: 'any' },
      {
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: ['ES256'],
        tls_client_certificate_bound_access_tokens: true,
      },
    ],
  ];

  it.each(enforced)(
    '[rfc9728-2-truthful] says what is enforced, and no more: %s',
    (_what, changes, members) => {
      expect(documentWith(changes)).toEqual({
        resource: 'https://api.example',
        authorization_servers: ['https://as.example'],
        ...members,
      });
    },
  );

  it('[rfc9728-2-truthful] names for each resource the issuers whose tokens it takes', () => {
    const resourceServer = createResourceServer(
      settings({
        issuer: [
          { issuer: 'https://as.example', audience: firstVersion, keys: builder.jwks },
          { issuer: 'https://partner.example', audience: secondVersion, keys: builder.jwks },
          { issuer: 'https://both.example', audience: [firstVersion, secondVersion], keys: builder.jwks },
        ],
      }),
    );
    expect(resourceServer.metadata(firstVersion).authorization_servers).toEqual([
      'https://as.example',
      'https://both.example',
    ]);
    expect(resourceServer.metadata(secondVersion).authorization_servers).toEqual([
      'https://partner.example',
      'https://both.example',
    ]);
  });

  it('[rfc9728-2-truthful] lists the scopes and detail types of requirements, but for undisclosed scopes', () => {
    const metadata: ResourceMetadataOptions = {
      scopesSupported: ['openid'],
      requirements: [
        scope('orders:read', 'orders:write'),
        scope('orders:read'),
        scope(['admin'], { disclosed: false }),
        authorizationDetail({ type: 'payment_initiation', actions: ['initiate'] }),
      ],
    };
    expect(documentWith({ metadata })).toMatchObject({
      scopes_supported: ['openid', 'orders:read', 'orders:write'],
      authorization_details_types_supported: ['payment_initiation'],
    });
  });

  it('[rfc9728-2-truthful] lists the detail types of the configuration', () => {
    const metadata = { authorizationDetailsTypesSupported: ['account_information'] };
    expect(documentWith({ metadata }).authorization_details_types_supported).toEqual(['account_information']);
  });

  it('says what the configuration adds', () => {
    const metadata: ResourceMetadataOptions = {
      resourceName: 'Orders',
      resourceDocumentation: 'https://api.example/docs',
      resourcePolicyUri: 'https://api.example/policy',
      resourceTosUri: 'https://api.example/terms',
      jwksUri: 'https://keys.example/jwks',
      resourceSigningAlgorithms: ['ES256'],
    };
    expect(documentWith({ metadata })).toEqual({
      resource: 'https://api.example',
      authorization_servers: ['https://as.example'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
      resource_documentation: 'https://api.example/docs',
      resource_policy_uri: 'https://api.example/policy',
      resource_tos_uri: 'https://api.example/terms',
      jwks_uri: 'https://keys.example/jwks',
      resource_signing_alg_values_supported: ['ES256'],
    });
  });
});

/** Header and claims of a JWS, once the key of the set that it names verifies it; judged by Node alone. */
function verifiedWith(
  keySet: string,
  jwt: string,
): { readonly header: Record<string, unknown>; readonly claims: Record<string, unknown> } {
  const [head = '', payload = '', signature = ''] = jwt.split('.');
  const [header, claims] = [head, payload].map(
    (part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>,
  );
  const { keys } = JSON.parse(keySet) as {
    readonly keys: readonly (JsonWebKey & { readonly kid: string })[];
  };
  const jwk = keys.find(({ kid }) => kid === header?.['kid']);
  const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' });
  const isVerified = verify(
    key.asymmetricKeyType === 'ed25519' ? null : 'sha256',
    Buffer.from(`${head}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  expect(isVerified).toBe(true);
  return { header: header ?? {}, claims: claims ?? {} };
}

function pointersIn({ challenges }: RawAnswer): readonly (string | undefined)[] {
  return challenges.map(({ parameters }) => parameters['resource_metadata']);
}

async function metadataIn(
  api: PublishedApi,
  request: { readonly target: string },
): Promise<readonly (string | undefined)[]> {
  const answer = await api.send(request);
  expect(answer.status).toBe(401);
  return pointersIn(answer);
}

/** Status and error of a failure; the realm of these APIs is not always the same. */
function expectRefusalOf(answer: RawAnswer, code: 'token.audience-mismatch' | 'scope.insufficient'): void {
  const expected = {
    'token.audience-mismatch': { status: 401, error: 'invalid_token' },
    'scope.insufficient': { status: 403, error: 'insufficient_scope' },
  }[code];
  expect(answer.status).toBe(expected.status);
  expect(answer.challenges[0]?.parameters['error']).toBe(expected.error);
}
