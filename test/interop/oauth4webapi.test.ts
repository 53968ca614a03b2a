import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { createApp, createServer } from '../../examples/authorization-server/src/app.js';
import { withByteChanged } from './support/altered-token.js';
import { ordersApi, reportsApi } from './support/example-apis.js';
import {
  assertionFor,
  callResource,
  discover,
  tokenByAssertion,
  tokenByClientCredentials,
  validatedClaims,
} from './support/foreign-client.js';
import { keyPair, type KeyPair } from './support/key-pair.js';
import { serve, type Service } from './support/serve.js';

// Processes and key pairs take their time on a busy machine; nothing here waits for a clock.
jest.setTimeout(30_000);

// The client is foreign here: oauth4webapi, and Web Crypto for its signatures.
const agent = 'foreign-agent';
const batch = 'foreign-batch';
const resource = reportsApi.audience;
let service: Service;
let issuer: string;
let key: KeyPair;
let batchKey: KeyPair;

beforeAll(async () => {
  key = await keyPair('agent-1');
  batchKey = await keyPair('batch-1');
  service = await serve(async (origin) =>
    createApp(
      await createServer({
        issuer: origin,
        port: Number(new URL(origin).port),
        allowInsecureLoopback: true,
        resources: [reportsApi, ordersApi].map(({ audience, readScope, writeScope }) => ({
          resource: audience,
          scopes: [readScope, writeScope],
          accessTokenLifetimeSeconds: 300,
        })),
        clients: [
          {
            client_id: batch,
            jwks: { keys: [batchKey.publicJwk] },
            token_endpoint_auth_method: 'private_key_jwt',
            grant_types: ['client_credentials'],
            scope: reportsApi.readScope,
          },
        ],
        assertionIssuers: [
          {
            issuer: agent,
            jwks: { keys: [key.publicJwk] },
            subjects: [agent],
            scopes: [reportsApi.readScope, ordersApi.readScope],
            clients: [agent],
            requireClient: false,
          },
        ],
      }),
    ),
  );
  issuer = service.origin;
});
afterAll(() => service.close());

const access = { clientId: agent, resource, scope: reportsApi.readScope };
const assertion = () => assertionFor(issuer, { issuer: agent, key });

describe('oauth4webapi as a client of the example authorization server', () => {
  it('finds the metadata in order', async () => {
    expect(await discover(issuer)).toEqual({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      scopes_supported: [
        reportsApi.readScope,
        reportsApi.writeScope,
        ordersApi.readScope,
        ordersApi.writeScope,
      ],
      grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['ES256', 'RS256']),
    });
  });

  it('obtains a token with the JWT-bearer grant', async () => {
    expect(await tokenByAssertion(issuer, await assertion(), access)).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer', // oauth4webapi writes it in lower case
      expires_in: expect.any(Number),
    });
  });

  describe('with private_key_jwt', () => {
    const access = { resource, scope: reportsApi.readScope };

    it('obtains a token of its own by client credentials', async () => {
      const token = await tokenByClientCredentials(issuer, { clientId: batch, key: batchKey }, access);
      expect(await validatedClaims(issuer, token, resource)).toMatchObject({
        iss: issuer,
        aud: resource,
        sub: batch,
        client_id: batch,
        scope: reportsApi.readScope,
      });
    });

    it.each([
      ['the key of somebody else', batch, () => key],
      ['the name of somebody else', agent, () => batchKey],
    ])('understands that it is refused with %s', async (_what, clientId, keyOf) => {
      const attempt = tokenByClientCredentials(issuer, { clientId, key: keyOf() }, access);
      await expect(attempt).rejects.toMatchObject({
        code: 'OAUTH_RESPONSE_BODY_ERROR',
        status: 400,
        error: 'invalid_client',
      });
    });
  });

  it('understands that an assertion works once', async () => {
    const once = await assertion();
    await tokenByAssertion(issuer, once, access);
    await expect(tokenByAssertion(issuer, once, access)).rejects.toMatchObject({
      code: 'OAUTH_RESPONSE_BODY_ERROR',
      status: 400,
      error: 'invalid_grant',
    });
  });

  it.each([
    ['a scope that the assertion issuer may not give', { scope: reportsApi.writeScope }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://unknown.example' }, 'invalid_target'],
  ])('understands why it gets no token for %s', async (_what, change, error) => {
    const attempt = tokenByAssertion(issuer, await assertion(), { ...access, ...change });
    await expect(attempt).rejects.toMatchObject({ code: 'OAUTH_RESPONSE_BODY_ERROR', status: 400, error });
  });
});

describe('oauth4webapi as a resource server, with a token of the example authorization server', () => {
  let token: string;

  beforeEach(async () => {
    ({ access_token: token } = await tokenByAssertion(issuer, await assertion(), access));
  });

  it('accepts it as an RFC 9068 access token', async () => {
    expect(await validatedClaims(issuer, token, resource)).toMatchObject({
      iss: issuer,
      aud: resource,
      sub: agent,
      client_id: agent,
      scope: reportsApi.readScope,
      jti: expect.any(String),
    });
  });

  it('refuses it for another audience', async () => {
    await expect(validatedClaims(issuer, token, ordersApi.audience)).rejects.toThrow(
      'unexpected JWT "aud" (audience) claim value',
    );
  });

  it('refuses it with one byte changed', async () => {
    const altered = withByteChanged(token, { segment: 'payload', within: '"sub":"f' });
    await expect(validatedClaims(issuer, altered, resource)).rejects.toThrow(
      'JWT signature verification failed',
    );
  });
});

describe.each([{ api: reportsApi }, { api: ordersApi }])(
  'oauth4webapi as a client of $api.name',
  ({ api }) => {
    const { audience, path, readScope, writeScope } = api;
    let resourceServer: Service;
    let token: string;

    beforeAll(async () => {
      resourceServer = await api.start(
        createResourceServer({ issuer, audience, metadata: {}, allowInsecureLoopback: true }),
      );
      const wanted = { clientId: agent, resource: audience, scope: readScope };
      ({ access_token: token } = await tokenByAssertion(issuer, await assertion(), wanted));
    });
    afterAll(() => resourceServer.close());

    const call = (jwt: string, method?: string) =>
      callResource(`${resourceServer.origin}${path}`, jwt, method);

    it('is let in with its token', async () => {
      const response = await call(token);
      expect(response.status).toBe(200);
    });

    it('understands the challenge to a bad token', async () => {
      const altered = withByteChanged(token, { segment: 'signature' });
      await expect(call(altered)).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        status: 401,
        cause: [{ scheme: 'bearer', parameters: { realm: audience, error: 'invalid_token' } }],
      });
    });

    it('understands which scope it lacks', async () => {
      await expect(call(token, 'POST')).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        status: 403,
        cause: [
          {
            scheme: 'bearer',
            parameters: { error: 'insufficient_scope', scope: expect.stringContaining(writeScope) },
          },
        ],
      });
    });
  },
);
