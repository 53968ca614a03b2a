import { describe, expect, it } from '@jest/globals';
import { generateSigningJwk, inMemoryStores, SetupError } from '@assay/core';
import {
  createAuthorizationServer,
  createClientAuthenticator,
  parseForm,
  type ClientAuthenticatorOptions,
} from '@assay/core/authorization-server';
import { publicJwk } from '@assay/testing';
import { issuer, otherKey, partner, partnerKey, resource, serverOptions } from '../support/token-endpoint.js';

const client = {
  client_id: 'client-a',
  jwks: { keys: [publicJwk(otherKey)] },
  grant_types: ['client_credentials'],
  scope: 'orders:read',
} as const;

const withClients = (clients: unknown) => () =>
  createAuthorizationServer({ ...serverOptions(), clients: clients as never });
const withClient = (changes: object) => withClients([{ ...client, ...changes }]);

function expectSetupError(create: () => unknown, option: string, remedy: RegExp): void {
  let caught: unknown;
  try {
    create();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(SetupError);
  expect((caught as SetupError).option).toBe(option);
  expect((caught as SetupError).message).toMatch(remedy);
}

const compatibility = { audience: 'token-endpoint', until: '2027-06-30' };
const aesKey = { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA', kid: 's' };

describe('the set-up of clients', () => {
  it.each<[string, object, string, RegExp]>([
    ['a misspelt member', { clientid: 'a' }, 'clientid', /Did you mean client_id/],
    ['a secret', { client_secret: 's' }, 'client_secret', /no such option/],
    ['no identifier', { client_id: undefined }, 'client_id', /identifier/],
    ['an empty identifier', { client_id: '' }, 'client_id', /identifier/],
    [
      'a method with a secret',
      { token_endpoint_auth_method: 'client_secret_basic' },
      'token_endpoint_auth_method',
      /private_key_jwt/,
    ],
    [
      'private_key_jwt without a key',
      { jwks: undefined, token_endpoint_auth_method: 'private_key_jwt' },
      'jwks',
      /jwks or jwks_uri/,
    ],
    ['two sources of keys', { jwks_uri: 'https://a.example/keys' }, 'jwks_uri', /one of the two/],
    ['keys that are no set', { jwks: publicJwk(otherKey) }, 'jwks', /public keys of the client/],
    ['an empty key set', { jwks: { keys: [] } }, 'jwks', /at least one public key/],
    ['a private key', { jwks: { keys: [otherKey] } }, 'jwks', /public signing key/],
    ['a symmetric key', { jwks: { keys: [aesKey] } }, 'jwks', /public signing key/],
    [
      'a jwks_uri over plain http',
      { jwks: undefined, jwks_uri: 'http://a.example/keys' },
      'jwks_uri',
      /Use https/,
    ],
    ['a jwks_uri that is no text', { jwks: undefined, jwks_uri: 1 }, 'jwks_uri', /Use https/],
    [
      'a MAC for an algorithm',
      { token_endpoint_auth_signing_alg: 'HS256' },
      'token_endpoint_auth_signing_alg',
      /RS256/,
    ],
    ['no algorithm', { token_endpoint_auth_signing_alg: 'none' }, 'token_endpoint_auth_signing_alg', /RS256/],
    [
      'grant types that are no list',
      { grant_types: 'client_credentials' },
      'grant_types',
      /client_credentials/,
    ],
    ['a grant type that is empty', { grant_types: [''] }, 'grant_types', /client_credentials/],
    ['scopes in a list', { scope: ['orders:read'] }, 'scope', /one after another/],
    ['a scope that is none', { scope: 'orders:read "x"' }, 'scope', /one after another/],
    ['requireTyp that is no boolean', { requireTyp: 'yes' }, 'requireTyp', /true or false/],
    [
      'an unknown relaxation',
      { compatibility: { ...compatibility, audience: 'any' } },
      'compatibility.audience',
      /token-endpoint/,
    ],
    [
      'a relaxation without an end',
      { compatibility: { audience: 'token-endpoint' } },
      'compatibility.until',
      /2027-06-30/,
    ],
    [
      'a relaxation until no date',
      { compatibility: { ...compatibility, until: 'soon' } },
      'compatibility.until',
      /2027-06-30/,
    ],
    [
      'a relaxation until a number',
      { compatibility: { ...compatibility, until: 2027 } },
      'compatibility.until',
      /2027-06-30/,
    ],
    [
      'a misspelt relaxation',
      { compatibility: { ...compatibility, untill: 'x' } },
      'compatibility.untill',
      /Did you mean until/,
    ],
    ['a relaxation that is a name', { compatibility: 'token-endpoint' }, 'compatibility', /object/],
  ])('refuses %s, naming the member', (_form, changes, option, remedy) => {
    expectSetupError(withClient(changes), `clients[0].${option}`, remedy);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a client twice', [client, { ...client, scope: 'orders:write' }], 'clients[1].client_id', /Merge/],
    ['a client that is none', ['client-a'], 'clients[0]', /object/],
    ['something else', 'client-a', 'clients', /find\(clientId\)/],
    ['an object without find', {}, 'clients', /find\(clientId\)/],
    ['null', null, 'clients', /find\(clientId\)/],
  ])('refuses %s', (_form, clients, option, remedy) => {
    expectSetupError(withClients(clients), option, remedy);
  });

  it('says no key and no secret in any message', () => {
    const { d } = otherKey as { d?: string };
    for (const key of [otherKey, aesKey]) {
      let message = '';
      try {
        withClient({ jwks: { keys: [key] } })();
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('clients[0].jwks');
      expect(message).not.toContain(d);
      expect(message).not.toContain(aesKey.k);
    }
  });

  it.each([
    ['a status that is neither', { clientErrorStatus: 403 }, 'clientErrorStatus', /401/],
    ['a status in a text', { clientErrorStatus: '401' }, 'clientErrorStatus', /401/],
    ['a listener that is none', { onCompatibilityUse: true }, 'onCompatibilityUse', /function/],
    [
      'a lifetime of nothing',
      { maximumAssertionLifetimeSeconds: 0 },
      'maximumAssertionLifetimeSeconds',
      /positive/,
    ],
    [
      'an endless lifetime',
      { maximumAssertionLifetimeSeconds: Infinity },
      'maximumAssertionLifetimeSeconds',
      /positive/,
    ],
  ])('refuses %s', (_form, changes, option, remedy) => {
    const create = () => createAuthorizationServer({ ...serverOptions(), ...(changes as object) });
    expectSetupError(create, option, remedy);
  });

  it('refuses a resource that is named as a client is', () => {
    const clients = [{ ...client, client_id: resource }];
    expect(withClients(clients)).toThrow(SetupError);
  });

  it('refuses the name of a client that has a key for requests without one', () => {
    const named = { ...client, client_id: 'partner-client' };
    expectSetupError(withClients([named]), 'assertionIssuers[0].clientId', /requireClient: false/);
    const publicClient = { client_id: 'partner-client', grant_types: [] };
    expect(withClients([publicClient])).not.toThrow();
    expect(partner.clientId).toBe('partner-client');
  });

  it('takes what is in order', () => {
    expect(withClient({})).not.toThrow();
    expect(
      withClient({ compatibility, requireTyp: true, client_name: 'A', redirect_uris: [] }),
    ).not.toThrow();
    expect(withClient({ jwks: undefined, jwks_uri: 'https://a.example/keys' })).not.toThrow();
    expect(withClients([])).not.toThrow();
  });
});

describe('createClientAuthenticator', () => {
  const options: ClientAuthenticatorOptions = { issuer, clients: [client], stores: inMemoryStores() };

  it('knows what its clients may', () => {
    const authenticator = createClientAuthenticator({
      ...options,
      clients: [client, { client_id: 'public', grant_types: ['authorization_code'] }],
    });
    expect(authenticator).toMatchObject({
      methods: ['private_key_jwt', 'none'],
      clientIds: ['client-a', 'public'],
      confidentialClientIds: ['client-a'],
    });
    expect(authenticator.serves('client_credentials')).toBe(true);
    expect(authenticator.serves('authorization_code')).toBe(true);
    expect(authenticator.serves('password')).toBe(false);
  });

  it('gives a client without grant_types the authorization code alone', async () => {
    const authenticator = createClientAuthenticator({ ...options, clients: [{ client_id: 'public' }] });
    const judged = await authenticator.judge({ headers: {} }, parseForm('client_id=public'));
    expect([...(judged?.client.grantTypes ?? [])]).toEqual(['authorization_code']);
    expect(judged?.isAuthenticated).toBe(false);
    await expect(judged?.reserve()).resolves.toBeUndefined();
  });

  it('takes a request that says nothing for nobody', async () => {
    const { judge } = createClientAuthenticator(options);
    await expect(judge({ headers: {} }, parseForm(''))).resolves.toBeUndefined();
    await expect(judge({ headers: {} }, parseForm('client_id=unknown'))).resolves.toBeUndefined();
  });

  it('needs to know the token endpoint for a client whose compatibility names it', () => {
    const clients = [
      { ...client, compatibility: { audience: 'token-endpoint', until: '2027-06-30' } as const },
    ];
    const create = () => createClientAuthenticator({ ...options, clients });
    expectSetupError(create, 'clients[0].compatibility.audience', /Give tokenEndpoint/);
    expect(() =>
      createClientAuthenticator({ ...options, clients, tokenEndpoint: `${issuer}/token` }),
    ).not.toThrow();
  });

  it.each([
    ['no stores', { stores: undefined }, 'stores', /inMemoryStores\(\)/],
    [
      'a token endpoint that is no https URL',
      { tokenEndpoint: 'http://as.example/token' },
      'tokenEndpoint',
      /https/,
    ],
    ['a misspelt option', { client: [] }, 'client', /Did you mean clients/],
  ])('refuses %s', (_form, changes, option, remedy) => {
    expectSetupError(() => createClientAuthenticator({ ...options, ...changes } as never), option, remedy);
  });
});

it('states in the metadata how clients authenticate', async () => {
  const key = await generateSigningJwk('ES256');
  const server = createAuthorizationServer(
    serverOptions({
      assertionIssuers: [
        { issuer: 'p', subjects: ['s'], scopes: ['orders:read'], keys: publicJwk(partnerKey) },
      ],
      clients: [{ ...client, jwks: { keys: [publicJwk(key)] } }],
    }),
  );
  expect(server.metadata()).toMatchObject({
    grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['RS256', 'ES256']),
  });
});
