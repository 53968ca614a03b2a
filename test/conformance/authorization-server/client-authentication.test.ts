import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import {
  clientCredentialsGrantType,
  createClientAuthenticator,
  jwtBearerGrantType,
  jwtClientAssertionType,
  type AuthorizationServerOptions,
} from '@assay/core/authorization-server';
import {
  claimsOf,
  clientA,
  clientAssertion,
  clientB,
  closeClientEndpoints,
  credentials,
  expectBadAssertion,
  expectRefusal,
  expectToken,
  grantAssertion,
  issuer,
  keyOfA,
  keyOfB,
  partnerKey,
  resource,
  startClientEndpoint,
  type ClientEndpoint,
} from '../support/client-endpoint.js';
import { publicJwk } from '@assay/testing';

/** How clients authenticate at the token endpoint, over HTTP. The JWTs themselves are judged in the files beside. */

let endpoint: ClientEndpoint;
beforeAll(async () => {
  endpoint = await startClientEndpoint();
});
afterAll(closeClientEndpoints);

const ownToken = { grant_type: clientCredentialsGrantType };

describe('a client assertion and its parameters', () => {
  it.each([
    ['an assertion without its type', { client_assertion: clientAssertion() }],
    ['an assertion beside an empty type', { ...credentials(), client_assertion_type: '' }],
    ['a type without an assertion', { client_assertion_type: jwtClientAssertionType }],
    ['a type beside an empty assertion', credentials('')],
    ['something unreadable without its type', { client_assertion: '\u0000' }],
  ])('[rfc7521-4.2-assertion-type-required] refuses %s', async (_form, form) => {
    expectRefusal(await endpoint.post({ ...ownToken, ...form }), 'request.parameter-missing', 400);
  });

  const otherTypes = [
    'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer ',
    'urn:ietf:params:oauth:client-assertion-type:jwt_bearer',
    'URN:ietf:params:oauth:client-assertion-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'jwt-bearer',
  ];

  it.each(otherTypes)('[rfc7521-4.2-assertion-type-unknown] refuses the type %j', async (type) => {
    const jwt = clientAssertion();
    const form = { ...ownToken, client_assertion: jwt, client_assertion_type: type };
    expectRefusal(await endpoint.post(form), 'client.credentials-refused', 400);
    expectToken(await endpoint.authenticate(jwt));
  });

  it.each(otherTypes)(
    '[rfc7521-4.2-assertion-type-unknown] refuses the type %j beside an Authorization header with a challenge',
    async (type) => {
      const form = { ...ownToken, client_assertion: clientAssertion(), client_assertion_type: type };
      const answer = await endpoint.post(form, { authorization: 'Basic Y2xpZW50LWE6eA==' });
      expectRefusal(answer, 'client.credentials-refused', 401);
      expect(answer.headers.get('www-authenticate')).toBe(`Basic realm="${issuer}"`);
    },
  );

  it('[rfc7521-4.2-client-id-match] refuses the client_id of another client, and uses nothing up', async () => {
    const jwt = clientAssertion();
    expectBadAssertion(await endpoint.authenticate(jwt, { client_id: 'client-b' }));
    expectToken(await endpoint.authenticate(jwt));
  });

  it.each(['client-A', 'client-a ', 'nobody'])(
    '[rfc7521-4.2-client-id-match] refuses the client_id %j',
    async (clientId) => {
      expectBadAssertion(await endpoint.authenticate(clientAssertion(), { client_id: clientId }));
    },
  );

  it('[rfc7521-4.2-client-id-optional] needs no client_id', async () => {
    const answer = await endpoint.authenticate();
    expectToken(answer);
    expect(claimsOf(answer)).toMatchObject({ sub: 'client-a', client_id: 'client-a' });
  });

  it('accepts the right client_id', async () => {
    expectToken(await endpoint.authenticate(clientAssertion(), { client_id: 'client-a' }));
  });

  const second = () => clientAssertion();
  const jsonSerialization = () => {
    const [header, payload, signature] = clientAssertion().split('.');
    return JSON.stringify({ protected: header, payload, signature });
  };

  it.each([
    ['two JWTs joined by a space', () => `${clientAssertion()} ${second()}`],
    ['two JWTs joined by a comma', () => `${clientAssertion()},${second()}`],
    ['a JSON array of JWTs', () => JSON.stringify([clientAssertion(), second()])],
    ['a JSON array of one JWT', () => JSON.stringify([clientAssertion()])],
    ['the JSON serialization of a JWS', jsonSerialization],
    ['a JWT and a space', () => `${clientAssertion()} `],
  ])('[rfc7523-2.2-single-jwt] refuses %s', async (_form, value) => {
    expectBadAssertion(await endpoint.authenticate(value()));
  });

  it('[rfc7523-2.2-single-jwt] uses none of two JWTs up', async () => {
    const [first, other] = [clientAssertion(), clientAssertion()];
    expectBadAssertion(await endpoint.authenticate(`${first} ${other}`));
    expectToken(await endpoint.authenticate(first));
    expectToken(await endpoint.authenticate(other));
  });
});

describe('one request and its methods', () => {
  it.each([
    ['an Authorization header', {}, { authorization: 'Basic Y2xpZW50LWE6eA==' }],
    ['a client_secret', { client_secret: 's' }, {}],
    ['both', { client_secret: 's' }, { authorization: 'Basic Y2xpZW50LWE6eA==' }],
  ])('refuses an assertion together with %s, and uses nothing up', async (_form, more, headers) => {
    const jwt = clientAssertion();
    const answer = await endpoint.post({ ...ownToken, ...credentials(jwt), ...more }, headers);
    expectRefusal(answer, 'request.credentials-mixed', 400);
    expect(answer.body['error']).toBe('invalid_request');
    expectToken(await endpoint.authenticate(jwt));
  });

  it('refuses the secret of a client that has a key', async () => {
    const form = { ...ownToken, client_id: 'client-a', client_secret: 's' };
    expectRefusal(await endpoint.post(form), 'client.credentials-refused', 400);
  });

  it('refuses an Authorization header of a client that has a key, with a challenge', async () => {
    const answer = await endpoint.post(ownToken, { authorization: 'Basic Y2xpZW50LWE6eA==' });
    expectRefusal(answer, 'client.credentials-refused', 401);
    expect(answer.headers.get('www-authenticate')).toBe(`Basic realm="${issuer}"`);
  });

  it.each([clientCredentialsGrantType, jwtBearerGrantType])(
    '[attack-60-public-client-passing-as-confidential] refuses a client that has a key and gives its name alone, for %s',
    async (grantType) => {
      const form = { grant_type: grantType, client_id: 'client-a', assertion: grantAssertion() };
      expectRefusal(await endpoint.post(form), 'client.credentials-refused', 400);
    },
  );

  it('[attack-60-public-client-passing-as-confidential] gives a public client no token of its own', async () => {
    const publicClient = { client_id: 'public', grant_types: [clientCredentialsGrantType] };
    const { post } = await startClientEndpoint({ clients: [clientA, publicClient] });
    expectRefusal(await post({ ...ownToken, client_id: 'public' }), 'client.authentication-required', 400);
  });

  it.each([
    ['nobody', {}],
    ['a name that nobody has', { client_id: 'nobody' }],
  ])('gives no token to %s', async (_form, form) => {
    expectRefusal(await endpoint.post({ ...ownToken, ...form }), 'client.authentication-required', 400);
  });
});

describe('the answer to a bad assertion', () => {
  const bad: readonly [string, () => string][] = [
    ['of an unknown client', () => clientAssertion({ iss: 'nobody', sub: 'nobody' })],
    ['with a bad signature', () => clientAssertion({}, { key: { ...keyOfB, kid: 'a1' } })],
    ['that has expired', () => clientAssertion({ exp: 1 })],
    ['that is no JWT', () => 'abc'],
  ];

  it.each(bad)('[rfc7523-3.2-error-body-auth] is the same for one %s', async (_form, jwt) => {
    const answer = await endpoint.authenticate(jwt());
    expectBadAssertion(answer);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(answer.body).toEqual({
      error: 'invalid_client',
      error_description: 'The client is not authenticated.',
    });
  });

  it.each([
    [400, null],
    [401, `Basic realm="${issuer}"`],
  ] as const)(
    '[rfc7523-3.2-error-body-auth] is %d where clientErrorStatus says so',
    async (clientErrorStatus, challenge) => {
      const { authenticate } = await startClientEndpoint({ clientErrorStatus });
      const answer = await authenticate('abc');
      expectRefusal(answer, 'client.assertion-refused', clientErrorStatus);
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
    },
  );

  it('stays 400 for what is not about the client, whatever clientErrorStatus says', async () => {
    const { post, authenticate } = await startClientEndpoint({ clientErrorStatus: 401 });
    expectRefusal(await post({}), 'request.parameter-missing', 400);
    expectRefusal(await authenticate(undefined, { scope: 'unknown' }), 'grant.scope-refused', 400);
  });
});

describe('a client and the grants', () => {
  const grant = () => ({ grant_type: jwtBearerGrantType, assertion: grantAssertion() });

  it.each([
    ['is missing', undefined],
    ['says otherwise', ['authorization_code']],
    ['is empty', []],
  ])(
    '[rfc7523-grant-unauthorized-client] refuses a grant where the list of the registration %s',
    async (_form, grantTypes) => {
      const registered = { client_id: 'client-a', jwks: clientA.jwks };
      const client = grantTypes === undefined ? registered : { ...registered, grant_types: grantTypes };
      const { post } = await startClientEndpoint({ clients: [client, clientB] });
      // Before the assertion is looked at: one that is no JWT gets the same answer.
      for (const assertion of [grantAssertion(), 'abc']) {
        const answer = await post({ ...grant(), ...credentials(), assertion });
        expectRefusal(answer, 'client.grant-not-allowed', 400);
        expect(answer.body['error']).toBe('unauthorized_client');
      }
    },
  );

  it('refuses client credentials to a client that is registered for another grant', async () => {
    const clients = [{ ...clientA, grant_types: [jwtBearerGrantType] }, clientB];
    const { authenticate, post } = await startClientEndpoint({ clients });
    expectRefusal(await authenticate(), 'client.grant-not-allowed', 400);
    expectToken(await post({ ...grant(), ...credentials() }));
  });

  it('[rfc7523-grant-combined-with-client-assertion] accepts a grant and a client assertion together', async () => {
    const answer = await endpoint.post({ ...grant(), ...credentials() });
    expectToken(answer);
    expect(claimsOf(answer)).toMatchObject({
      sub: 'robot-1',
      client_id: 'client-a',
      scope: 'orders:read',
      aud: resource,
    });
  });

  it('[rfc7523-grant-combined-with-client-assertion] refuses the client assertion as a grant', async () => {
    const jwt = clientAssertion();
    const answer = await endpoint.post({ ...grant(), ...credentials(jwt), assertion: jwt });
    expectRefusal({ ...answer, code: 'grant.refused' }, 'grant.refused', 400);
    expect(answer.code).toBe('token.issuer-unknown');
    expect(answer.body['error']).toBe('invalid_grant');
  });

  it.each([
    ['a wrong client_secret', { client_secret: 'wrong' }, 'client.credentials-refused'],
    ['a bad client_assertion', credentials('abc'), 'client.assertion-refused'],
    ['a replayed client_assertion', undefined, 'client.replayed'],
  ] as const)(
    '[rfc7523-3.1-grant-credentials-validated] refuses %s beside a good grant, and uses no grant up',
    async (_form, given, code) => {
      const used = clientAssertion();
      expectToken(await endpoint.authenticate(used));
      const form = grant();
      expectRefusal(await endpoint.post({ ...form, ...(given ?? credentials(used)) }), code, 400);
      expectToken(await endpoint.post({ ...form, ...credentials() }));
    },
  );

  it('[rfc7523-3.1-grant-credentials-validated] refuses them as well where the policy needs no client', async () => {
    const partner = { issuer: 'partner', subjects: ['robot-1'], scopes: ['orders:read'] };
    const anonymous = { ...partner, requireClient: false, clientId: 'anonymous' } as const;
    const keys = publicJwk(partnerKey);
    const { post } = await startClientEndpoint({ assertionIssuers: [{ ...anonymous, keys }] });
    const form = grant();
    for (const bad of [{ client_secret: 'wrong' }, credentials('abc')]) {
      expect((await post({ ...form, ...bad })).body['error']).toBe('invalid_client');
    }
    const answer = await post(form);
    expectToken(answer, 'anonymous');
    const named = await post({ ...grant(), ...credentials() });
    expectToken(named, 'client-a');
  });

  it.each([
    ['is not on the list of the assertion issuer', ['client-b'], 400],
    ['is on it', ['client-a'], 200],
  ])('honours which clients may use the assertions: one that %s', async (_form, clients, status) => {
    const keys = publicJwk(partnerKey);
    const partner = { issuer: 'partner', subjects: ['robot-1'], scopes: ['orders:read'], keys, clients };
    const { post } = await startClientEndpoint({ assertionIssuers: [partner] });
    const answer = await post({ ...grant(), ...credentials() });
    expect({ status: answer.status, code: answer.code }).toEqual({
      status,
      code: status === 200 ? undefined : 'grant.client-mismatch',
    });
  });

  it.each([
    ['', 'orders:read'],
    ['orders:read', 'orders:read'],
  ])('gives client credentials the scope of the registration where %j is asked for', async (scope, given) => {
    expect(claimsOf(await endpoint.authenticate(undefined, { scope }))['scope']).toBe(given);
  });

  it.each(['orders:write', 'orders:read orders:write', 'unknown'])(
    'gives client credentials no scope beyond the registration: %s',
    async (scope) => {
      expectRefusal(await endpoint.authenticate(undefined, { scope }), 'grant.scope-refused', 400);
    },
  );

  it('uses no assertion up on a request that is refused afterwards', async () => {
    const jwt = clientAssertion();
    expectRefusal(await endpoint.authenticate(jwt, { scope: 'unknown' }), 'grant.scope-refused', 400);
    expectRefusal(
      await endpoint.authenticate(jwt, { resource: 'https://x.example' }),
      'grant.resource-refused',
      400,
    );
    expectToken(await endpoint.authenticate(jwt));
  });
});

describe('the issuer identifier of the server', () => {
  const { clients, stores } = { clients: [clientA], stores: { singleUse: { reserve: () => 'reserved' } } };

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['made of the request', (request: { headers: { host: string } }) => `https://${request.headers.host}`],
    ['no https URL', 'http://as.example'],
  ])('[rfc7523bis-4-issuer-configured] is needed: %s', async (_form, given) => {
    const create = () => createClientAuthenticator({ issuer: given, clients, stores } as never);
    expect(create).toThrow(SetupError);
    expect(create).toThrow(/^issuer: /);
    const options = { issuer: given } as unknown as Pick<AuthorizationServerOptions, 'issuer'>;
    await expect(startClientEndpoint(options)).rejects.toThrow(SetupError);
  });

  it.each(['host', 'x-forwarded-host', 'forwarded'])(
    '[rfc7523bis-4-issuer-configured] is not taken from the header %s',
    async (header) => {
      const value = header === 'forwarded' ? 'host=evil.example;proto=https' : 'evil.example';
      const form = { ...ownToken, ...credentials(clientAssertion({ aud: 'https://evil.example' })) };
      expectBadAssertion(await endpoint.post(form, { [header]: value }));
      expectToken(await endpoint.post({ ...ownToken, ...credentials() }, { [header]: value }));
    },
  );
});

it('keeps the text of the assertion out of the judged request', async () => {
  const jwt = clientAssertion({}, { key: keyOfA });
  const judged = await endpoint.server.judgeTokenRequest({
    method: 'POST',
    url: '/token',
    headers: { 'content-type': ['application/x-www-form-urlencoded'] },
    readBody: () =>
      Promise.resolve(Buffer.from(new URLSearchParams({ ...ownToken, ...credentials(jwt) }).toString())),
  });
  expect(judged).toMatchObject({ clientId: 'client-a', isClientAuthenticated: true });
  expect(JSON.stringify(judged)).not.toContain(jwt.slice(-40));
});
