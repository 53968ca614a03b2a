import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  createAccessTokenVerifier,
  SetupError,
  type Jwk,
  type RemoteSigningKey,
  type SigningKey,
} from '@assay/core';
import {
  createTokenIssuer,
  jwtBearerGrantType,
  type TokenIssuer,
  type TokenIssuerOptions,
} from '@assay/core/authorization-server';
import { fixedClock, publicJwk } from '@assay/testing';
import {
  assertion,
  issuer,
  nowSeconds,
  orders,
  partner,
  partnerKey,
  partsOf,
  resource,
  serverKey,
  tokenEndpoint,
} from './support/token-endpoint.js';

const calendar = { resource: 'https://calendar.example', scopes: ['calendar.read', 'calendar.write'] };
const mail = { resource: 'https://mail.example', scopes: ['mail.read'] };

function tokenIssuer(changes: Partial<TokenIssuerOptions> = {}): TokenIssuer {
  const clock = fixedClock(nowSeconds);
  return createTokenIssuer({ issuer, keys: [serverKey], resources: [orders], clock, ...changes });
}

const robot = { subject: 'robot-1', clientId: 'client-1' };

async function issued(changes: Partial<TokenIssuerOptions> = {}, request: object = {}) {
  const { accessToken } = await tokenIssuer(changes).issue({ ...robot, ...request });
  return partsOf({ body: { access_token: accessToken } });
}

/** A key that signs elsewhere, as a KMS does. */
function remoteKey(jwk: Jwk, changes: Partial<RemoteSigningKey> = {}): RemoteSigningKey {
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return {
    alg: 'ES256',
    kid: 'kms-1',
    sign: (input) => Promise.resolve(sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })),
    publicJwk: publicJwk(jwk),
    ...changes,
  };
}

describe('an issued access token', () => {
  it('[rfc9068-2.1-header] is typed, signed with RS256 and names a published key', async () => {
    const { header } = await issued();
    expect(header).toEqual({ typ: 'at+jwt', alg: 'RS256', kid: serverKey['kid'] });
    const { keys } = await tokenIssuer().jwks();
    expect(keys.map(({ kid }) => kid)).toContain(header['kid']);
  });

  const pair = (type: 'ec' | 'ed25519') =>
    type === 'ec'
      ? generateKeyPairSync('ec', {
          namedCurve: 'P-256',
          publicKeyEncoding: { type: 'spki', format: 'pem' },
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        })
      : generateKeyPairSync('ed25519', {
          publicKeyEncoding: { type: 'spki', format: 'pem' },
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        });
  const rsaPem = () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }).privateKey;

  it.each<[string, () => SigningKey, string]>([
    ['a JWK', () => partnerKey, 'ES256'],
    ['an RSA PEM', rsaPem, 'RS256'],
    ['an EC PEM', () => pair('ec').privateKey, 'ES256'],
    ['a KeyObject', () => createPrivateKey(pair('ed25519').privateKey), 'EdDSA'],
    ['a key elsewhere', () => remoteKey(partnerKey), 'ES256'],
  ])('[rfc9068-2.1-header] of %s verifies against the published set', async (_form, key, alg) => {
    const server = tokenIssuer({ keys: [key()] });
    const { accessToken } = await server.issue(robot);
    const verifier = createAccessTokenVerifier({
      issuer,
      audience: resource,
      keys: await server.jwks(),
      clock: fixedClock(nowSeconds),
    });
    const { header } = await verifier.verify(accessToken);
    expect(header).toMatchObject({ typ: 'at+jwt', alg });
  });

  it('is signed with the first key while all are published', async () => {
    const server = tokenIssuer({ keys: [partnerKey, serverKey] });
    const { header } = partsOf({ body: { access_token: (await server.issue(robot)).accessToken } });
    expect(header['kid']).toBe(partnerKey['kid']);
    expect((await server.jwks()).keys.map(({ kid }) => kid)).toEqual([partnerKey['kid'], serverKey['kid']]);
  });

  it.each<[string, unknown]>([
    ['a shared secret', { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') }],
    ['a shared secret for HS256', { kty: 'oct', alg: 'HS256', k: Buffer.alloc(32, 1).toString('base64url') }],
    ['a key for none', { ...partnerKey, alg: 'none' }],
    ['an RSA key for HS256', { ...serverKey, alg: 'HS256' }],
    ['a remote key for HS256', { ...remoteKey(partnerKey), alg: 'HS256' }],
    ['a remote key for none', { ...remoteKey(partnerKey), alg: 'none' }],
  ])('[rfc9068-2.1-header] is never made with %s', (_form, key) => {
    const create = () => tokenIssuer({ keys: [key as SigningKey] });
    expect(create).toThrow(SetupError);
    expect(create).toThrow(/^keys\[0\]: its algorithm is not an asymmetric one/);
  });

  it('[rfc9068-2.2-required-claims] has all seven claims, rightly typed', async () => {
    const answer = await tokenEndpoint().grant(assertion());
    expect(partsOf(answer).claims).toEqual({
      iss: issuer,
      exp: nowSeconds + 60,
      aud: resource,
      sub: 'robot-1',
      client_id: 'partner-client',
      iat: nowSeconds,
      jti: expect.any(String),
      scope: 'orders:read orders:write',
    });
  });

  it('[rfc9068-2.2-required-claims] has a jti of 128 random bits, never the same', async () => {
    const server = tokenIssuer();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => server.issue(robot)));
    const ids = tokens.map(
      ({ accessToken }) => partsOf({ body: { access_token: accessToken } }).claims['jti'],
    );
    expect(new Set(ids).size).toBe(50);
    expect(ids.map((id) => Buffer.from(id as string, 'base64url').length)).toEqual(ids.map(() => 16));
    expect(ids).toEqual(tokens.map(({ tokenId }) => tokenId));
  });

  it('has whole seconds where the clock has not', async () => {
    const clock = fixedClock(nowSeconds);
    clock.advanceSeconds(0.7);
    const { claims } = await issued({ clock }, { expiresNoLaterThan: nowSeconds + 20.9 });
    expect(claims).toMatchObject({ iat: nowSeconds, exp: nowSeconds + 20 });
  });

  it.each([
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'client_id',
    'scope',
    'cnf',
    'act',
    'may_act',
    'authorization_details',
  ])('[rfc9068-2.2-required-claims] does not let the application override %s', async (name) => {
    const issue = tokenIssuer().issue({ ...robot, claims: { [name]: 'x' } });
    await expect(issue).rejects.toThrow(SetupError);
    await expect(issue).rejects.toThrow(`claims.${name}: `);
  });

  it('carries the further claims of the application', async () => {
    expect((await issued({}, { claims: { tenant: 't1' } })).claims['tenant']).toBe('t1');
  });

  it('uses nothing up where the application overrides a claim', async () => {
    const endpoint = tokenEndpoint();
    const jwt = assertion();
    const form = { grant_type: jwtBearerGrantType, assertion: jwt };
    expect((await endpoint.post(form, { issuance: { claims: { exp: 1 } } })).status).toBe(500);
    expect((await endpoint.grant(jwt)).status).toBe(200);
  });

  it.each([
    [nowSeconds, 'token.expired'],
    [nowSeconds + 0.9, 'token.expired'],
  ])('is refused when it would be dead at once: %d', async (expiresNoLaterThan, code) => {
    await expect(tokenIssuer().issue({ ...robot, expiresNoLaterThan })).rejects.toMatchObject({ code });
  });

  it('lives for a second at least', async () => {
    const { expiresInSeconds } = await tokenIssuer().issue({ ...robot, expiresNoLaterThan: nowSeconds + 1 });
    expect(expiresInSeconds).toBe(1);
  });

  it('is answered with 503 where the key elsewhere cannot sign', async () => {
    const keys = [remoteKey(partnerKey, { sign: () => Promise.reject(new Error('the KMS is down')) })];
    expect(await tokenEndpoint({ keys }).grant(assertion())).toMatchObject({
      status: 503,
      body: { error: 'temporarily_unavailable' },
      code: 'service.signing-unavailable',
    });
  });
});

describe('the audience of an issued token', () => {
  const resources = [{ ...calendar, audience: 'urn:calendar' }, mail, { ...orders }];
  const all = { scopes: ['calendar.read', 'mail.read', 'orders:read'] };

  async function audienceOf(parameters: Readonly<Record<string, string>>, options: object = {}) {
    const endpoint = tokenEndpoint({
      resources,
      assertionIssuers: [{ ...partner, ...all }],
      ...options,
    });
    const answer = await endpoint.grant(assertion(), parameters);
    return answer.status === 200 ? partsOf(answer).claims : answer;
  }

  it.each([
    ['the requested resource', 'https://mail.example', 'https://mail.example'],
    ['what the resource is mapped to', 'https://calendar.example', 'urn:calendar'],
  ])('[rfc9068-3-aud-from-resource] is %s, as a string', async (_form, requested, aud) => {
    expect(await audienceOf({ resource: requested })).toMatchObject({ aud });
  });

  it.each([
    ['the one that the scope belongs to', { scope: 'mail.read' }, {}, { aud: 'https://mail.example' }],
    ['the default', {}, { defaultResource: resource }, { aud: resource }],
    ['the only one', {}, { resources: [mail] }, { aud: 'https://mail.example' }],
    ['an error without a default', {}, {}, { status: 400, body: { error: 'invalid_target' } }],
  ])(
    '[rfc9068-3-aud-default] without a resource parameter is %s',
    async (_form, parameters, options, found) => {
      expect(await audienceOf(parameters as Readonly<Record<string, string>>, options)).toMatchObject(found);
    },
  );

  it('[rfc9068-3-scope-two-resources] is an error for scopes of two resources', async () => {
    expect(await audienceOf({ scope: 'calendar.read mail.read' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_scope' },
    });
  });

  it.each([
    [
      'the default, if it is one of them',
      { defaultResource: 'https://b.example' },
      { aud: 'https://b.example' },
    ],
    ['an error without a default', {}, { status: 400, body: { error: 'invalid_target' } }],
  ])('for a scope that two resources understand is %s', async (_form, options, found) => {
    const twins = [
      { resource: 'https://a.example', scopes: ['read'] },
      { resource: 'https://b.example', scopes: ['read'] },
    ];
    const assertionIssuers = [{ ...partner, scopes: ['read'] }];
    const shared = { resources: twins, assertionIssuers, ...options };
    expect(await audienceOf({ scope: 'read' }, shared)).toMatchObject(found);
  });

  it('is never a default that understands only some of the scopes', async () => {
    const both = { scopes: ['read', 'write'] };
    const resources = [
      { resource: 'https://a.example', ...both },
      { resource: 'https://b.example', ...both },
      { resource: 'https://c.example', scopes: ['read'] },
    ];
    const options = {
      resources,
      assertionIssuers: [{ ...partner, ...both }],
      defaultResource: 'https://c.example',
    };
    expect(await audienceOf({ scope: 'read write' }, options)).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });
});
