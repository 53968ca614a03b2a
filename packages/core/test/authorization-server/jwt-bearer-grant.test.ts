import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningJwk, type Claims, type Fetch } from '@assay/core';
import { jwtBearerGrantType } from '@assay/core/authorization-server';
import { createTestIssuer, publicJwk, type TestIssuer, type TokenVariation } from '@assay/testing';
import {
  assertion,
  discovered,
  formRequest,
  issuer,
  nowSeconds,
  otherKey,
  partner,
  partnerKey,
  partsOf,
  refusedGrant,
  requiringClient,
  tokenEndpoint,
} from './support/token-endpoint.js';

const tokenEndpointUrl = `${issuer}/token`;

describe('the JWT-bearer grant', () => {
  it('is exchanged for an access token of the subject, the client and the scopes of the trust entry', async () => {
    const answer = await tokenEndpoint().grant(assertion());
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'orders:read orders:write',
    });
    expect(partsOf(answer).claims).toMatchObject({
      sub: 'robot-1',
      client_id: 'partner-client',
      scope: 'orders:read orders:write',
    });
  });

  it('answers without a refresh token', async () => {
    const { body } = await tokenEndpoint().grant(assertion());
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
  });

  it.each([
    ['missing', `grant_type=${jwtBearerGrantType}`, 'request.parameter-missing'],
    ['empty', `grant_type=${jwtBearerGrantType}&assertion=`, 'request.parameter-missing'],
    ['repeated', `grant_type=${jwtBearerGrantType}&assertion=a&assertion=a`, 'request.parameter-repeated'],
  ])('[rfc7523-2.1-grant-assertion-required] refuses an assertion that is %s', async (_form, form, code) => {
    expect(await tokenEndpoint().post(form)).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
      code,
    });
  });

  it.each([
    ['two JWTs', () => `${assertion()} ${assertion()}`],
    ['no JWT', () => 'abc'],
  ])('[rfc7523-2.1-grant-single-jwt] refuses an assertion that is %s', async (_form, jwt) => {
    expect(await tokenEndpoint().grant(jwt())).toEqual(refusedGrant('token.malformed'));
  });

  describe('from an issuer', () => {
    let untrusted: TestIssuer;
    beforeAll(async () => {
      untrusted = await createTestIssuer();
    });
    afterAll(() => untrusted.close());

    it.each([
      ['unknown', () => ({ iss: 'stranger' })],
      ['with an added slash', () => ({ iss: 'partner/' })],
      ['in another case', () => ({ iss: 'Partner' })],
      ['that publishes keys but is not trusted for the grant', () => ({ iss: untrusted.issuer })],
      ['in a list', () => ({ iss: ['partner'] })],
      ['that is missing', () => ({ iss: undefined })],
    ])('[rfc7523-3-grant-trusted-issuer] refuses an issuer %s, and asks nobody', async (_form, claims) => {
      const urls: string[] = [];
      const fetch: Fetch = (url, init) => {
        urls.push(url);
        return globalThis.fetch(url, init);
      };
      const endpoint = tokenEndpoint({ fetch, allowInsecureLoopback: true });
      const jwt = assertion(claims(), { key: untrusted.key, header: { kid: untrusted.key['kid'] } });
      expect(await endpoint.grant(jwt)).toEqual(refusedGrant('token.issuer-unknown'));
      expect(urls).toEqual([]);
      expect(untrusted.requests).toEqual([]);
    });

    it('discovers the keys of an issuer that is an https URL, from nowhere but that issuer', async () => {
      const listed = await createTestIssuer();
      try {
        const entry = { ...discovered, issuer: listed.issuer };
        const endpoint = tokenEndpoint({ assertionIssuers: [entry], allowInsecureLoopback: true });
        const jwt = assertion(
          { iss: listed.issuer },
          { key: listed.key, header: { kid: listed.key['kid'] } },
        );
        expect((await endpoint.grant(jwt)).status).toBe(200);
        expect(listed.requests).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
      } finally {
        await listed.close();
      }
    });

    it('answers an outage of the issuer with 503 and uses nothing up', async () => {
      const listed = await createTestIssuer();
      try {
        listed.behave({ status: 500 });
        const entry = { ...discovered, issuer: listed.issuer };
        const endpoint = tokenEndpoint({ assertionIssuers: [entry], allowInsecureLoopback: true });
        const jwt = assertion(
          { iss: listed.issuer },
          { key: listed.key, header: { kid: listed.key['kid'] } },
        );
        const answer = await endpoint.grant(jwt);
        expect(answer).toMatchObject({
          status: 503,
          body: { error: 'temporarily_unavailable' },
          code: 'service.keys-unavailable',
        });
        expect(answer.headers['Retry-After']).toMatch(/^\d+$/);
        listed.behave('properly');
        endpoint.clock.advanceSeconds(30);
        expect((await endpoint.grant(jwt)).status).toBe(200);
      } finally {
        await listed.close();
      }
    });
  });

  describe('and its key', () => {
    const second = { ...partner, issuer: 'second', keys: publicJwk(otherKey), clientId: 'second-client' };
    const endpoint = tokenEndpoint({ assertionIssuers: [partner, second] });

    it('[rfc7523-3-grant-key-by-issuer] refuses the key of another trusted issuer', async () => {
      const jwt = assertion({}, { key: otherKey, header: { kid: otherKey['kid'] } });
      expect(await endpoint.grant(jwt)).toEqual(refusedGrant('token.key-unknown'));
    });

    it('[rfc7523-3-grant-key-by-issuer] takes no key from a jku header', async () => {
      const urls: string[] = [];
      const fetch: Fetch = (url) => Promise.reject(new Error((urls.push(url), 'no request is due')));
      const header = { kid: otherKey['kid'], jku: 'https://evil.example/jwks', jwk: publicJwk(otherKey) };
      const jwt = assertion({}, { key: otherKey, header });
      expect(await tokenEndpoint({ fetch }).grant(jwt)).toEqual(refusedGrant('token.key-unknown'));
      expect(urls).toEqual([]);
    });

    it('[rfc7523-3-grant-key-by-issuer] refuses a payload that was changed after signing', async () => {
      const [header, , signature] = assertion().split('.');
      const [, payload] = assertion({ jti: 'another' }).split('.');
      expect(await endpoint.grant([header, payload, signature].join('.'))).toEqual(
        refusedGrant('token.signature-invalid'),
      );
    });
  });

  describe('and its algorithm', () => {
    it('[rfc7523-3-grant-alg-allowlist] refuses none', async () => {
      const [, payload] = assertion().split('.');
      const header = Buffer.from('{"alg":"none"}').toString('base64url');
      expect(await tokenEndpoint().grant(`${header}.${payload ?? ''}.`)).toEqual(
        refusedGrant('token.algorithm-refused'),
      );
    });

    it('[rfc7523-3-grant-alg-allowlist] refuses HS256 keyed with the public key', async () => {
      const pem = createPublicKey({ key: { ...publicJwk(partnerKey) }, format: 'jwk' }).export({
        type: 'spki',
        format: 'pem',
      });
      const [, payload] = assertion().split('.');
      const header = Buffer.from('{"alg":"HS256"}').toString('base64url');
      const input = `${header}.${payload ?? ''}`;
      const signature = createHmac('sha256', pem).update(input).digest('base64url');
      expect(await tokenEndpoint().grant(`${input}.${signature}`)).toEqual(
        refusedGrant('token.algorithm-refused'),
      );
    });

    it('[rfc7523-3-grant-alg-allowlist] refuses an algorithm that is not listed', async () => {
      const rsa = await generateSigningJwk('RS512');
      const entry = { ...partner, keys: { keys: [publicJwk(partnerKey), publicJwk(rsa)] } };
      const jwt = () => assertion({}, { key: rsa, header: { alg: 'RS512', kid: rsa['kid'] } });
      const listed = tokenEndpoint({ assertionIssuers: [{ ...entry, algorithms: ['ES256', 'RS512'] }] });
      expect((await listed.grant(jwt())).status).toBe(200);
      const unlisted = tokenEndpoint({
        assertionIssuers: [{ ...partner, algorithms: ['ES256'] }],
      });
      expect(await unlisted.grant(jwt())).toEqual(refusedGrant('token.algorithm-refused'));
    });
  });

  it.each([
    ['missing', { sub: undefined }, 'token.claim-invalid'],
    ['empty', { sub: '' }, 'token.claim-invalid'],
    ['a number', { sub: 1 }, 'token.claim-invalid'],
    ['a list', { sub: ['robot-1'] }, 'token.claim-invalid'],
    ['unknown here', { sub: 'robot-2' }, 'token.subject-refused'],
    ['a known one and more', { sub: 'robot-11' }, 'token.subject-refused'],
    ['a known one in another case', { sub: 'Robot-1' }, 'token.subject-refused'],
  ])('[rfc7523-3-grant-sub-required] refuses a subject that is %s', async (_form, claims: Claims, code) => {
    expect(await tokenEndpoint().grant(assertion(claims))).toEqual(refusedGrant(code));
  });

  describe('and its audience', () => {
    it.each([
      ['another server', { aud: 'https://other.example' }],
      ['a client, as in an ID token', { aud: 'partner-client' }],
      ['the token endpoint, where that is not enabled', { aud: tokenEndpointUrl }],
      ['the issuer with an added slash', { aud: `${issuer}/` }],
      ['the issuer and more', { aud: `${issuer}.evil` }],
      ['missing', { aud: undefined }],
      ['an empty list', { aud: [] }],
    ])('[rfc7523-3-grant-aud] refuses %s', async (_form, claims: Claims) => {
      expect(await tokenEndpoint().grant(assertion(claims))).toEqual(refusedGrant('token.audience-mismatch'));
    });

    it.each([
      ['the issuer', { aud: issuer }],
      ['the issuer alone in a list', { aud: [issuer] }],
    ])('[rfc7523-3-grant-aud] accepts %s', async (_form, claims: Claims) => {
      expect((await tokenEndpoint().grant(assertion(claims))).status).toBe(200);
    });

    it.each([
      ['the issuer', issuer, 200],
      ['the token endpoint', tokenEndpointUrl, 200],
      ['another endpoint', `${issuer}/par`, 400],
    ])('[rfc7523-3-grant-aud] judges %s where the token endpoint is enabled', async (_form, aud, status) => {
      const entry = { ...partner, audience: 'issuer-or-token-endpoint' as const };
      expect((await tokenEndpoint({ assertionIssuers: [entry] }).grant(assertion({ aud }))).status).toBe(
        status,
      );
    });

    it.each(['issuer', 'issuer-or-token-endpoint'] as const)(
      '[rfc7523-3-grant-aud-multiple] [attack-55-token-endpoint-widens-audience] refuses a second audience where the setting is %s',
      async (audience) => {
        const endpoint = tokenEndpoint({ assertionIssuers: [{ ...partner, audience }] });
        for (const second of ['https://other.example', tokenEndpointUrl]) {
          expect(await endpoint.grant(assertion({ aud: [issuer, second] }))).toEqual(
            refusedGrant('token.audience-mismatch'),
          );
        }
      },
    );

    it.each([`${issuer}.evil`, `${issuer}:443`, 'https://as.exampl', `${issuer}/token`])(
      '[attack-37-prefix-startswith-audience] refuses %s',
      async (aud) => {
        expect(await tokenEndpoint().grant(assertion({ aud }))).toEqual(
          refusedGrant('token.audience-mismatch'),
        );
      },
    );

    it('[attack-56-assertion-aud-leaks-into-access] never puts the server into the audience of the token', async () => {
      const entry = { ...partner, audience: 'issuer-or-token-endpoint' as const };
      const endpoint = tokenEndpoint({ assertionIssuers: [entry] });
      for (const aud of [issuer, tokenEndpointUrl, [issuer]]) {
        expect(partsOf(await endpoint.grant(assertion({ aud }))).claims['aud']).toBe('https://api.example');
      }
    });
  });

  describe('and its times, with 10 seconds of leeway', () => {
    it.each([
      ['no exp', { exp: undefined }, 'token.expired'],
      ['exp as a text', { exp: String(nowSeconds + 60) }, 'token.expired'],
      ['exp 10 seconds ago', { exp: nowSeconds - 10 }, 'token.expired'],
      ['nbf 11 seconds ahead', { nbf: nowSeconds + 11 }, 'token.not-yet-valid'],
      ['iat 11 seconds ahead', { iat: nowSeconds + 11 }, 'token.not-yet-valid'],
    ])('[rfc7523-3-grant-time-window] refuses %s', async (_form, claims: Claims, code) => {
      expect(await tokenEndpoint().grant(assertion(claims))).toEqual(refusedGrant(code));
    });

    it.each([
      ['exp 9 seconds ago', { iat: nowSeconds - 60, exp: nowSeconds - 9 }],
      ['exp a second ahead', { exp: nowSeconds + 1 }],
      ['nbf 10 seconds ahead', { nbf: nowSeconds + 10 }],
      ['iat 10 seconds ahead', { iat: nowSeconds + 10 }],
      ['no iat', { iat: undefined }],
    ])('[rfc7523-3-grant-time-window] accepts %s', async (_form, claims: Claims) => {
      expect((await tokenEndpoint().grant(assertion(claims))).status).toBe(200);
    });

    it.each([
      ['past', { exp: nowSeconds - 1 }],
      ['now', { exp: nowSeconds }],
    ])(
      '[rfc7523-3-grant-time-window] refuses exp that is %s where no leeway is configured',
      async (_form, claims) => {
        expect(await tokenEndpoint({ leewaySeconds: 0 }).grant(assertion(claims))).toEqual(
          refusedGrant('token.expired'),
        );
      },
    );

    it.each([
      ['exp in 7 days', { exp: nowSeconds + 7 * 86_400 }, 400],
      ['iat 2 days ago', { iat: nowSeconds - 2 * 86_400 }, 400],
      ['3601 seconds from iat to exp', { iat: nowSeconds - 1, exp: nowSeconds + 3600 }, 400],
      ['3600 seconds from iat to exp', { exp: nowSeconds + 3600 }, 200],
      ['exp beyond the ceiling and no iat', { iat: undefined, exp: nowSeconds + 3611 }, 400],
      ['exp at the ceiling and no iat', { iat: undefined, exp: nowSeconds + 3610 }, 200],
    ])(
      '[rfc7523-3-grant-max-lifetime] judges %s where the ceiling is 3600 seconds',
      async (_form, claims: Claims, status) => {
        const entry = { ...partner, maximumLifetimeSeconds: 3600 };
        const answer = await tokenEndpoint({ assertionIssuers: [entry] }).grant(assertion(claims));
        expect(answer.status).toBe(status);
        expect(answer.code).toBe(status === 200 ? undefined : 'token.lifetime-excessive');
      },
    );

    it.each([
      [300, 200],
      [301, 400],
    ])('judges a life of %d seconds by the default ceiling of 300', async (seconds, status) => {
      expect((await tokenEndpoint().grant(assertion({ exp: nowSeconds + seconds }))).status).toBe(status);
    });
  });

  describe('and the life of the token', () => {
    it('[rfc7521-4.1-token-not-longer-than-assertion] ends with the assertion', async () => {
      const resources = [{ resource: 'https://api.example', accessTokenLifetimeSeconds: 3600 }];
      const answer = await tokenEndpoint({ resources }).grant(assertion({ exp: nowSeconds + 300 }));
      expect(answer.body['expires_in']).toBe(300);
      expect(partsOf(answer).claims).toMatchObject({ iat: nowSeconds, exp: nowSeconds + 300 });
    });

    it('[rfc7521-4.1-token-not-longer-than-assertion] ends a configured grace after the assertion', async () => {
      const resources = [{ resource: 'https://api.example', accessTokenLifetimeSeconds: 3600 }];
      const assertionIssuers = [{ ...partner, graceSeconds: 120 }];
      const answer = await tokenEndpoint({ resources, assertionIssuers }).grant(
        assertion({ exp: nowSeconds + 300 }),
      );
      expect(answer.body['expires_in']).toBe(420);
      expect(partsOf(answer).claims['exp']).toBe(nowSeconds + 420);
    });

    it('is that of the resource where the assertion lives longer', async () => {
      const resources = [{ resource: 'https://api.example', accessTokenLifetimeSeconds: 30 }];
      expect((await tokenEndpoint({ resources }).grant(assertion())).body['expires_in']).toBe(30);
    });

    it('lasts as long as the leeway that keeps an expired assertion alive', async () => {
      const answer = await tokenEndpoint().grant(assertion({ iat: nowSeconds - 60, exp: nowSeconds - 4 }));
      expect(answer.body['expires_in']).toBe(6);
    });

    it('is refused when the assertion has died since it was judged', async () => {
      const { server, clock } = tokenEndpoint();
      const judged = await server.judgeTokenRequest(
        formRequest({ grant_type: jwtBearerGrantType, assertion: assertion() }),
      );
      clock.advanceSeconds(60);
      await expect(server.issueAccessToken(judged)).rejects.toMatchObject({ code: 'token.expired' });
    });
  });

  describe('and other kinds of JWT', () => {
    const kinds: readonly [string, Claims, TokenVariation, string][] = [
      ['an access token', { client_id: 'c1' }, { header: { typ: 'at+jwt' } }, 'token.type-mismatch'],
      [
        'an ID token',
        { aud: 'partner-client', nonce: 'n' },
        { header: { typ: 'JWT' } },
        'token.audience-mismatch',
      ],
      [
        'a client authentication JWT',
        { sub: 'partner' },
        { header: { typ: 'client-authentication+jwt' } },
        'token.type-mismatch',
      ],
      ['an untyped client authentication JWT', { sub: 'partner' }, {}, 'token.subject-refused'],
      ['a logout token', { events: {} }, { header: { typ: 'logout+jwt' } }, 'token.type-mismatch'],
      ['a DPoP proof', { htm: 'POST' }, { header: { typ: 'dpop+jwt' } }, 'token.type-mismatch'],
      ['a request object', {}, { header: { typ: 'oauth-authz-req+jwt' } }, 'token.type-mismatch'],
      ['an ID-JAG', {}, { header: { typ: 'oauth-id-jag+jwt' } }, 'token.type-mismatch'],
      ['a JWT whose type is no text', {}, { header: { typ: 1 } }, 'token.type-mismatch'],
    ];

    it.each(kinds)('[rfc7523-grant-cross-type] refuses %s', async (_kind, claims, variation, code) => {
      expect(await tokenEndpoint().grant(assertion(claims, variation))).toEqual(refusedGrant(code));
    });

    it.each(['JWT', 'jwt', 'application/jwt'])('accepts the generic type %s', async (typ) => {
      expect((await tokenEndpoint().grant(assertion({}, { header: { typ } }))).status).toBe(200);
    });

    it('refuses an assertion that is bound to a key', async () => {
      expect(await tokenEndpoint().grant(assertion({ cnf: { jkt: 'x' } }))).toEqual(
        refusedGrant('token.confirmation-unverifiable'),
      );
    });
  });

  describe('and the client', () => {
    it('[rfc7523-3.1-grant-without-client-auth] is refused without client authentication by default', async () => {
      const answer = await tokenEndpoint({ assertionIssuers: [requiringClient] }).grant(assertion());
      expect(answer).toMatchObject({
        status: 400,
        body: { error: 'invalid_client' },
        code: 'client.authentication-required',
      });
    });

    it('[rfc7523-3.1-grant-without-client-auth] takes the client from an entry that requires none', async () => {
      const answer = await tokenEndpoint().grant(assertion());
      expect(partsOf(answer).claims['client_id']).toBe('partner-client');
    });

    it('accepts the client identifier of the entry', async () => {
      expect((await tokenEndpoint().grant(assertion(), { client_id: 'partner-client' })).status).toBe(200);
    });

    it('refuses the identifier of another client', async () => {
      expect(await tokenEndpoint().grant(assertion(), { client_id: 'someone-else' })).toEqual(
        refusedGrant('grant.client-mismatch'),
      );
    });

    it.each([
      ['a client_secret', { client_secret: 'wrong' }],
      ['a client_assertion', { client_assertion: 'a.b.c', client_assertion_type: 'x' }],
    ])(
      '[rfc7523-3.1-grant-credentials-validated] refuses %s beside a good assertion, and uses nothing up',
      async (_form, credentials) => {
        const endpoint = tokenEndpoint();
        const jwt = assertion();
        expect(await endpoint.grant(jwt, credentials)).toMatchObject({
          status: 400,
          body: { error: 'invalid_client' },
          code: 'client.credentials-refused',
        });
        expect((await endpoint.grant(jwt)).status).toBe(200);
      },
    );

    it('[rfc7523-3.1-grant-credentials-validated] answers credentials in the header with a challenge', async () => {
      const endpoint = tokenEndpoint();
      const jwt = assertion();
      const headers = {
        'content-type': ['application/x-www-form-urlencoded'],
        authorization: ['Basic YTpi'],
      };
      const answer = await endpoint.post({ grant_type: jwtBearerGrantType, assertion: jwt }, { headers });
      expect(answer).toMatchObject({
        status: 401,
        headers: { 'WWW-Authenticate': `Basic realm="${issuer}"`, 'Cache-Control': 'no-store' },
        body: { error: 'invalid_client' },
        code: 'client.credentials-refused',
      });
      expect((await endpoint.grant(jwt)).status).toBe(200);
    });
  });

  it.each([
    ['malformed', () => 'a.b'],
    ['too large', () => assertion({ padding: 'x'.repeat(16_384) })],
    ['of an unknown issuer', () => assertion({ iss: 'stranger' })],
    ['badly signed', () => assertion({}, { key: otherKey })],
    ['for another server', () => assertion({ aud: 'https://other.example' })],
    ['expired', () => assertion({ exp: nowSeconds - 60 })],
    ['not valid yet', () => assertion({ nbf: nowSeconds + 60 })],
    ['issued in the future', () => assertion({ iat: nowSeconds + 60 })],
    ['valid for too long', () => assertion({ exp: nowSeconds + 86_400 })],
    ['without a subject', () => assertion({ sub: undefined })],
    ['for a subject that is not accepted', () => assertion({ sub: 'robot-2' })],
    ['without jti', () => assertion({ jti: undefined })],
  ])('[rfc7523-3.1-grant-error-code] gives one answer to an assertion that is %s', async (_form, jwt) => {
    const answer = await tokenEndpoint().grant(jwt());
    expect(answer).toEqual(refusedGrant(answer.code ?? ''));
  });

  describe('and workload identity', () => {
    const rule = {
      ...partner,
      issuer: 'https://ci.example',
      subjects: ['repo:org/app:ref:refs/heads/main'],
      scopes: ['orders:write'],
      clientId: 'ci',
    };
    const match = { iss: rule.issuer, sub: rule.subjects[0], aud: issuer };

    it.each([
      ['issuer', { ...match, iss: 'https://ci.evil.example' }, 'token.issuer-unknown'],
      ['subject', { ...match, sub: 'repo:org/app:ref:refs/heads/dev' }, 'token.subject-refused'],
      ['audience', { ...match, aud: 'https://other.example' }, 'token.audience-mismatch'],
    ])('[wif-policy-triple] refuses a token whose %s does not match', async (_part, claims, code) => {
      const endpoint = tokenEndpoint({ assertionIssuers: [rule] });
      expect(await endpoint.grant(assertion(claims))).toEqual(refusedGrant(code));
    });

    it('[wif-policy-triple] maps a full match to the client and the scopes of the rule', async () => {
      const answer = await tokenEndpoint({ assertionIssuers: [rule] }).grant(assertion(match));
      expect(partsOf(answer).claims).toMatchObject({ client_id: 'ci', scope: 'orders:write' });
    });
  });
});
