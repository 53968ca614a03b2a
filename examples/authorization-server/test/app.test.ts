import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createJwtSigner, generateSigningJwk, type Jwk, type JwtSigner } from '@assay/core';
import { fixedClock } from '@assay/testing';
import type { Express } from 'express';
import request from 'supertest';
import { createApp, createServer } from '../src/app.js';
import { parseConfig, readConfig, type Config } from '../src/config.js';

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const issuer = 'http://127.0.0.1:4100';

const withoutAssertionIssuers: Config = {
  issuer,
  port: 4100,
  allowInsecureLoopback: true,
  resources: [
    { resource: 'http://127.0.0.1:4101', scopes: ['orders:read'], accessTokenLifetimeSeconds: 300 },
  ],
  assertionIssuers: [],
};

describe('the example authorization server', () => {
  const clock = fixedClock();
  let signer: JwtSigner;
  let config: Config;
  let app: Express;

  beforeAll(async () => {
    signer = await createJwtSigner(await generateSigningJwk());
    config = {
      ...withoutAssertionIssuers,
      assertionIssuers: [
        {
          issuer: 'agent',
          jwks: { keys: [signer.publicJwk as Jwk] },
          subjects: ['agent'],
          scopes: ['orders:read'],
          clients: ['agent'],
          requireClient: false,
        },
      ],
    };
    app = createApp(await createServer(config, { clock }));
  });

  const assertion = (claims: Record<string, unknown> = {}) =>
    signer.sign({
      iss: 'agent',
      sub: 'agent',
      aud: issuer,
      exp: clock.nowSeconds() + 60,
      jti: randomUUID(),
      ...claims,
    });

  const post = (form: Record<string, string>) => request(app).post('/token').type('form').send(form);

  it('says in its metadata what it offers', async () => {
    const response = await request(app).get('/.well-known/oauth-authorization-server').expect(200);
    expect(response.body).toMatchObject({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      grant_types_supported: [grantType],
    });
  });

  it('publishes its public key and nothing private', async () => {
    const response = await request(app).get('/jwks').expect(200);
    const { keys } = response.body as { keys: Record<string, unknown>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
  });

  it('gives a token for an assertion, once', async () => {
    const form = { grant_type: grantType, assertion: await assertion(), resource: 'http://127.0.0.1:4101' };
    const response = await post(form).expect(200);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'orders:read',
    });
    const again = await post(form).expect(400);
    expect(again.body).toMatchObject({ error: 'invalid_grant' });
  });

  it.each([
    ['for another audience', { aud: 'https://elsewhere.example' }],
    ['of another subject', { sub: 'root' }],
    ['of an issuer that it does not know', { iss: 'stranger' }],
    ['that has expired', { exp: 1 }],
  ])('refuses an assertion %s', async (_name, claims) => {
    const response = await post({ grant_type: grantType, assertion: await assertion(claims) }).expect(400);
    expect(response.body).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('the clients of the example authorization server', () => {
  const clock = fixedClock();
  const jwtBearer = { grant_type: grantType };
  let signer: JwtSigner;
  let agent: JwtSigner;
  let app: Express;

  beforeAll(async () => {
    signer = await createJwtSigner(await generateSigningJwk());
    agent = await createJwtSigner(await generateSigningJwk());
    const config = parseConfig(
      JSON.stringify({
        ...withoutAssertionIssuers,
        clients: [
          {
            client_id: 'batch',
            jwks: { keys: [signer.publicJwk] },
            token_endpoint_auth_method: 'private_key_jwt',
            grant_types: ['client_credentials', grantType],
            scope: 'orders:read',
          },
          { client_id: 'idle', jwks: { keys: [agent.publicJwk] }, grant_types: ['client_credentials'] },
        ],
        assertionIssuers: [
          {
            issuer: 'agent',
            jwks: { keys: [agent.publicJwk] },
            subjects: ['agent'],
            scopes: ['orders:read'],
            clients: ['batch'],
          },
        ],
      }),
      'config.json',
    );
    app = createApp(await createServer(config, { clock }));
  });

  const signed = (by: JwtSigner, name: string) =>
    by.sign({
      iss: name,
      sub: name,
      aud: issuer,
      exp: clock.nowSeconds() + 60,
      jti: randomUUID(),
    });
  const credentials = async (by = signer, name = 'batch') => ({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signed(by, name),
  });
  const post = (form: Record<string, string>) => request(app).post('/token').type('form').send(form);

  it('are offered private_key_jwt in the metadata', async () => {
    const response = await request(app).get('/.well-known/oauth-authorization-server').expect(200);
    expect(response.body).toMatchObject({
      grant_types_supported: ['client_credentials', grantType],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
    });
  });

  it('have tokens of their own, one for each assertion', async () => {
    const form = { grant_type: 'client_credentials', ...(await credentials()) };
    const response = await post(form).expect(200);
    expect(response.body).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' });
    const again = await post(form).expect(400);
    expect(again.body).toMatchObject({ error: 'invalid_client' });
  });

  it('have tokens for the assertions that they may use, and authenticate for them', async () => {
    const assertion = await signed(agent, 'agent');
    const nobody = await post({ ...jwtBearer, assertion }).expect(400);
    expect(nobody.body).toMatchObject({ error: 'invalid_client' });
    const other = await post({ ...jwtBearer, assertion, ...(await credentials(agent, 'idle')) }).expect(400);
    expect(other.body).toMatchObject({ error: 'unauthorized_client' });
    const response = await post({ ...jwtBearer, assertion, ...(await credentials()) }).expect(200);
    expect(response.body).toMatchObject({ scope: 'orders:read' });
  });
});

describe('the configuration file', () => {
  const valid = withoutAssertionIssuers;
  const parse = (change: Record<string, unknown>) => () =>
    parseConfig(JSON.stringify({ ...valid, ...change }), 'config.json');

  it('is taken when it is right', () => {
    expect(parse({})()).toEqual(valid);
  });

  it('that is missing is told by name', () => {
    expect(() => readConfig('nowhere.json')).toThrow(
      'nowhere.json cannot be read (ENOENT). Give the path of a JSON file after --config.',
    );
  });

  it('that is not JSON is told without quoting it', () => {
    expect(() => parseConfig('{"users": [{"password": "hunter2" "sub": 1}]}', 'config.json')).toThrow(
      /^config.json is not JSON: there is a mistake at position \d+.$/,
    );
  });

  it.each([
    ['an unknown member', { resorces: [] }, 'resorces'],
    ['a port that is none', { port: 70_000 }, 'port'],
    ['no resource', { resources: [] }, 'resources'],
    ['a client without grants', { clients: [{ client_id: 'a' }] }, 'clients[0].grant_types'],
    [
      'a client with a secret',
      { clients: [{ client_id: 'a', grant_types: ['x'], client_secret: 'hunter2' }] },
      'client_secret',
    ],
    [
      'a client with another method',
      {
        clients: [{ client_id: 'a', grant_types: ['x'], token_endpoint_auth_method: 'client_secret_basic' }],
      },
      'clients authenticate with private_key_jwt',
    ],
    [
      'two clients to be named by the tokens of one issuer',
      {
        assertionIssuers: [
          {
            issuer: 'a',
            jwks_uri: 'https://a.example/jwks',
            subjects: ['a'],
            scopes: ['s'],
            clients: ['a', 'b'],
            requireClient: false,
          },
        ],
      },
      'name exactly one client where none has to authenticate',
    ],
    [
      'an assertion issuer without keys',
      {
        assertionIssuers: [
          { issuer: 'a', subjects: ['a'], scopes: ['s'], clients: ['a'], requireClient: false },
        ],
      },
      'give either jwks or jwks_uri',
    ],
  ])('with %s is refused, naming the member', (_name, change, mention) => {
    expect(parse(change)).toThrow(mention);
    expect(parse(change)).toThrow(/^config.json cannot be used. Mend this and start again:/);
  });
});
