import { describe, expect, it } from '@jest/globals';
import { generateSigningJwk, SetupError } from '@assay/core';
import {
  createAuthorizationServer,
  createTokenIssuer,
  jwtBearerGrantType,
  metadataPath,
} from '@assay/core/authorization-server';
import { publicJwk } from '@assay/testing';
import { issuer, orders, partnerKey, resource, serverKey, serverOptions } from './support/token-endpoint.js';

describe('the metadata of an authorization server', () => {
  it('[rfc8414-3.2-no-empty-arrays] states what is on, and nothing else', () => {
    expect(createAuthorizationServer(serverOptions()).metadata()).toEqual({
      issuer,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      scopes_supported: ['orders:read', 'orders:write', 'orders:admin'],
      grant_types_supported: [jwtBearerGrantType],
      token_endpoint_auth_methods_supported: ['none'],
    });
  });

  it('[rfc8414-3.2-no-empty-arrays] has no member for scopes where there are none', () => {
    const metadata = createAuthorizationServer(serverOptions({ resources: [{ resource }] })).metadata();
    expect(metadata).not.toHaveProperty('scopes_supported');
    expect(Object.values(metadata)).not.toContainEqual([]);
    expect(metadata.grant_types_supported).toEqual([jwtBearerGrantType]);
  });

  it('names the endpoints that are configured', () => {
    const endpoints = {
      tokenEndpoint: 'https://as.example/oauth/token',
      jwksUri: 'https://cdn.example/keys',
    };
    expect(createAuthorizationServer(serverOptions(endpoints)).metadata()).toMatchObject({
      token_endpoint: 'https://as.example/oauth/token',
      jwks_uri: 'https://cdn.example/keys',
    });
  });

  it.each([
    ['https://as.example/tenant1', 'https://as.example/tenant1/token'],
    ['https://as.example/tenant1/', 'https://as.example/tenant1/token'],
  ])('puts the endpoints of %s below its path', (identifier, tokenEndpoint) => {
    const metadata = createAuthorizationServer(serverOptions({ issuer: identifier })).metadata();
    expect(metadata).toMatchObject({ issuer: identifier, token_endpoint: tokenEndpoint });
  });

  it.each([
    ['http://as.example', 'https URL'],
    ['http://127.0.0.1:3000', 'plain http'],
    ['https://as.example?x', 'no query'],
    ['https://as.example/#f', 'no query, no fragment'],
    ['as.example', 'https URL'],
    ['', 'no issuer'],
    [undefined, 'no issuer'],
  ])('[rfc8414-2-issuer] refuses the issuer %s', (identifier, problem) => {
    const create = () => createAuthorizationServer(serverOptions({ issuer: identifier as string }));
    expect(create).toThrow(SetupError);
    expect(create).toThrow(/^issuer: /);
    expect(create).toThrow(problem);
  });

  it.each([
    ['tokenEndpoint', { tokenEndpoint: 'http://as.example/token' }],
    ['tokenEndpoint', { tokenEndpoint: '/token' }],
    ['tokenEndpoint', { tokenEndpoint: 'https://as.example/token#x' }],
    ['jwksUri', { jwksUri: 'http://as.example/jwks' }],
  ])('refuses a %s that is no https URL', (option, changes) => {
    const create = () => createAuthorizationServer(serverOptions(changes));
    expect(create).toThrow(SetupError);
    expect(create).toThrow(`${option}: `);
  });

  it.each([
    ['https://as.example', '/.well-known/oauth-authorization-server'],
    ['https://as.example/', '/.well-known/oauth-authorization-server'],
    ['https://as.example/tenant1', '/.well-known/oauth-authorization-server/tenant1'],
    ['https://as.example/a/b/', '/.well-known/oauth-authorization-server/a/b'],
  ])('of %s is at %s', (identifier, path) => {
    expect(metadataPath(identifier)).toBe(path);
  });
});

describe('the published key set', () => {
  const tokenIssuer = (keys: readonly never[] | readonly object[]) =>
    createTokenIssuer({ issuer, keys: keys as never, resources: [orders] });

  it('[rfc7517-5-publish-public-only] holds public members only, with kid, use and alg', async () => {
    const ed25519 = await generateSigningJwk('Ed25519');
    const remote = {
      alg: 'ES256',
      kid: 'kms',
      sign: () => Promise.resolve(new Uint8Array()),
      publicJwk: partnerKey,
    };
    const { keys } = await tokenIssuer([serverKey, ed25519, remote]).jwks();
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
    expect(keys).toMatchObject([
      { kid: serverKey['kid'], use: 'sig', alg: 'RS256' },
      { kid: ed25519['kid'], use: 'sig', alg: 'Ed25519' },
      { kid: 'kms', use: 'sig', alg: 'ES256' },
    ]);
  });

  it('[rfc7517-5-publish-public-only] is not made of a symmetric key', () => {
    expect(() => tokenIssuer([serverKey, { kty: 'oct', k: 'AAAA' }])).toThrow(/^keys\[1\]: /);
  });

  it('[rfc7517-5-publish-public-only] does not hold one kid twice', () => {
    const create = () => tokenIssuer([serverKey, { ...partnerKey, kid: serverKey['kid'] }]);
    expect(create).toThrow(SetupError);
    expect(create).toThrow('two keys have the same kid');
  });

  it('[rfc7517-5-publish-public-only] does not hold one key twice where kid is its thumbprint', async () => {
    const { kid: thumbprint, ...withoutKid } = partnerKey;
    const issuerOfTwins = tokenIssuer([withoutKid, withoutKid]);
    expect(thumbprint).toBeDefined();
    await expect(issuerOfTwins.ready()).rejects.toThrow('two keys have the same kid');
    await expect(issuerOfTwins.jwks()).rejects.toThrow(SetupError);
  });

  it.each<[string, object, RegExp]>([
    ['a public key', publicJwk(partnerKey), /^keys\[0\]: it cannot sign/],
    [
      'a key elsewhere without its public half',
      { alg: 'ES256', kid: 'k', sign: () => undefined },
      /publicJwk/,
    ],
    [
      'a key elsewhere with the public half of another kind',
      { alg: 'ES256', kid: 'k', sign: () => undefined, publicJwk: publicJwk(serverKey) },
      /publicJwk/,
    ],
  ])('is refused, once the keys are read, for %s', async (_form, key, message) => {
    const refusing = tokenIssuer([key]);
    await expect(refusing.ready()).rejects.toThrow(SetupError);
    await expect(refusing.ready()).rejects.toThrow(message);
    await expect(refusing.issue({ subject: 's', clientId: 'c' })).rejects.toThrow(SetupError);
  });
});
