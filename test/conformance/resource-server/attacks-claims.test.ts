import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureCode } from '@assay/core';
import { principalOf } from '@assay/express';
import { compactJws } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import {
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';
import { startRemoteKeyApi } from '../support/remote-key-api.js';

describe('attacks by way of claims', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi({
      settings: { maximumTokenLifetimeSeconds: 3600 },
      routes: (app) => {
        app.get('/claims', (request, response) => {
          const { claims } = principalOf(request);
          const copy: Record<string, unknown> = Object.assign({}, claims);
          const spread: Record<string, unknown> = { ...claims };
          response.json({
            copy: copy['admin'],
            spread: spread['admin'],
            everybody: ({} as typeof copy)['admin'],
          });
        });
      },
    });
  });
  afterAll(async () => {
    await closeProtectedApis();
    await closeDocumentServers();
  });

  /** A token whose payload is this text, rightly signed. */
  const signed = (payload: string, header: Record<string, unknown> | string = api.builder.header()) =>
    compactJws({ header, payload, key: api.builder.key });
  /** The claims of a valid token as JSON, these members first. */
  const claimsWith = (members: string) => JSON.stringify(api.builder.claims()).replace('{', `{${members},`);
  const claimsWithout = (name: string, members: string) =>
    JSON.stringify({ ...api.builder.claims(), [name]: undefined }).replace('{', `{${members},`);

  describe('of a wrong type', () => {
    const good = 'https://as.example';
    const audience = 'https://api.example';
    const wrong: readonly (readonly [string, unknown, FailureCode])[] = [
      ['iss', [good, 'https://evil.example'], 'token.issuer-unknown'],
      ['iss', [good], 'token.issuer-unknown'],
      ['iss', { [good]: true }, 'token.issuer-unknown'],
      ['iss', { toString: good }, 'token.issuer-unknown'],
      ['iss', 1, 'token.issuer-unknown'],
      ['iss', null, 'token.issuer-unknown'],
      ['aud', {}, 'token.audience-mismatch'],
      ['aud', { [audience]: true }, 'token.audience-mismatch'],
      ['aud', { 0: audience, length: 1 }, 'token.audience-mismatch'],
      ['aud', 7, 'token.audience-mismatch'],
      ['aud', [7], 'token.audience-mismatch'],
      ['aud', [audience, 7], 'token.audience-mismatch'],
      ['aud', [[audience]], 'token.audience-mismatch'],
      ['aud', [null], 'token.audience-mismatch'],
      ['aud', [], 'token.audience-mismatch'],
      ['sub', ['user-1'], 'token.claim-invalid'],
      ['sub', { toString: 'user-1' }, 'token.claim-invalid'],
      ['sub', 1, 'token.claim-invalid'],
      ['sub', true, 'token.claim-invalid'],
      ['jti', ['id'], 'token.claim-invalid'],
      ['jti', {}, 'token.claim-invalid'],
      ['jti', 1, 'token.claim-invalid'],
      ['client_id', ['client-1'], 'token.claim-invalid'],
      ['client_id', 1, 'token.claim-invalid'],
      ['scope', ['orders:read'], 'token.claim-invalid'],
      ['scope', { orders: true }, 'token.claim-invalid'],
      ['scope', null, 'token.claim-invalid'],
      ['exp', String(nowSeconds + 300), 'token.expired'],
      ['exp', '2100-01-01', 'token.expired'],
      ['exp', true, 'token.expired'],
      ['exp', [nowSeconds + 300], 'token.expired'],
      ['exp', null, 'token.expired'],
      ['exp', -1, 'token.expired'],
      ['exp', 0, 'token.expired'],
      ['iat', String(nowSeconds), 'token.claim-invalid'],
      ['iat', [nowSeconds], 'token.claim-invalid'],
      ['nbf', String(nowSeconds), 'token.not-yet-valid'],
      ['nbf', true, 'token.not-yet-valid'],
    ];

    it.each(wrong)('[attack-10-iss-sub-jti-aud-of] are refused: %s %j', async (claim, value, code) => {
      await expectInvalidToken(api, api.builder.accessToken({ [claim]: value }), code);
    });

    it.each([
      ['exp', '1e400', 'token.expired'],
      ['exp', '-1e400', 'token.expired'],
      ['exp', 'NaN', 'token.malformed'],
      ['exp', 'Infinity', 'token.malformed'],
      ['iat', '1e400', 'token.claim-invalid'],
      ['nbf', '-1e400', 'token.not-yet-valid'],
    ] as const)('[attack-10-iss-sub-jti-aud-of] are refused: %s %s', async (claim, text, code) => {
      await expectInvalidToken(api, signed(claimsWithout(claim, `"${claim}":${text}`)), code);
    });

    it('[attack-10-iss-sub-jti-aud-of] count a fraction of a second for what it is', async () => {
      await expectAccepted(api, api.builder.accessToken({ exp: nowSeconds + 0.5 }));
      await expectInvalidToken(api, api.builder.accessToken({ exp: nowSeconds - 0.5 }), 'token.expired');
      await expectInvalidToken(api, api.builder.accessToken({ exp: nowSeconds }), 'token.expired');
    });

    it('[attack-10-iss-sub-jti-aud-of] are accepted in the types that they have', async () => {
      const claims = { aud: ['https://other.example', audience], scope: 'orders:read', nbf: nowSeconds };
      await expectAccepted(api, api.builder.accessToken(claims));
    });
  });

  describe('of another kind', () => {
    const typed = (typ: unknown) => api.builder.accessToken({}, { header: { typ } });

    it.each([
      ['JWT'],
      ['dpop+jwt'],
      ['logout+jwt'],
      ['token-introspection+jwt'],
      [undefined],
      [null],
      ['at'],
      ['at+jwt, JWT'],
      [['at+jwt']],
    ])('[attack-13-id-token-logout-token-proof] are refused: typ %j', async (typ) => {
      await expectInvalidToken(api, typed(typ), 'token.type-mismatch');
    });

    it.each(['at+jwt', 'AT+JWT', 'At+Jwt', 'application/at+jwt', 'APPLICATION/AT+JWT', 'Application/at+JWT'])(
      '[attack-13-id-token-logout-token-proof] are accepted: typ %j',
      async (typ) => {
        await expectAccepted(api, typed(typ));
      },
    );
  });

  describe('of time', () => {
    const tenYears = 10 * 365 * 86_400;

    it.each<readonly [string, Record<string, unknown>, FailureCode]>([
      ['no exp', { exp: undefined }, 'token.expired'],
      ['exp in ten years', { exp: nowSeconds + tenYears }, 'token.lifetime-excessive'],
      ['exp a second too far', { exp: nowSeconds + 3601 }, 'token.lifetime-excessive'],
      [
        'exp too far from an iat that is long ago',
        { iat: nowSeconds - 3600, exp: nowSeconds + 1 },
        'token.lifetime-excessive',
      ],
      ['iat in an hour', { iat: nowSeconds + 3600, exp: nowSeconds + 3600 }, 'token.not-yet-valid'],
      ['iat in a second', { iat: nowSeconds + 1 }, 'token.not-yet-valid'],
      ['nbf in a second', { nbf: nowSeconds + 1 }, 'token.not-yet-valid'],
    ])('[attack-15-token-without-exp-far-exp] refuses a token with %s', async (_what, claims, code) => {
      await expectInvalidToken(api, api.builder.accessToken(claims), code);
    });

    it.each<readonly [string, Record<string, unknown>]>([
      ['exp as far as allowed', { exp: nowSeconds + 3600 }],
      ['exp as far from iat as allowed', { iat: nowSeconds - 3599, exp: nowSeconds + 1 }],
      ['iat now', { iat: nowSeconds }],
      ['nbf now', { nbf: nowSeconds }],
    ])('[attack-15-token-without-exp-far-exp] accepts a token with %s', async (_what, claims) => {
      await expectAccepted(api, api.builder.accessToken(claims));
    });

    it('[attack-15-token-without-exp-far-exp] forgives the leeway and not a second more', async () => {
      const { builder, clock } = api;
      const lenient = await startProtectedApi({ builder, clock, settings: { leewaySeconds: 30 } });
      await expectAccepted(lenient, builder.accessToken({ nbf: nowSeconds + 30 }));
      await expectInvalidToken(lenient, builder.accessToken({ nbf: nowSeconds + 31 }), 'token.not-yet-valid');
      await expectAccepted(lenient, builder.accessToken({ iat: nowSeconds + 30 }));
      await expectInvalidToken(lenient, builder.accessToken({ iat: nowSeconds + 31 }), 'token.not-yet-valid');
      await expectAccepted(lenient, builder.accessToken({ exp: nowSeconds - 29 }));
      await expectInvalidToken(lenient, builder.accessToken({ exp: nowSeconds - 30 }), 'token.expired');
    });
  });

  describe('for the prototype of everything', () => {
    const evil = '{"admin":true}';

    it.each([
      ['__proto__ in the payload', `"__proto__":${evil}`],
      ['__proto__, spelt with an escape', `"\\u005f\\u005fproto__":${evil}`],
      ['constructor.prototype in the payload', `"constructor":{"prototype":${evil}}`],
      ['__proto__ in a member', `"x":{"__proto__":${evil},"constructor":{"prototype":${evil}}}`],
      ['__proto__ in a list', `"x":[{"__proto__":${evil}}]`],
      ['__proto__ that is null', '"__proto__":null'],
    ])('[attack-21-prototype-pollution-via-claims] change nobody: %s', async (_what, members) => {
      const token = signed(claimsWith(members));
      await expectAccepted(api, token);
      expect(JSON.parse((await api.sendToken(token, '/claims')).body)).toEqual({});
      const { claims } = await api.verifier.verify(token);
      expect(claims['admin']).toBeUndefined();
      expect(claims['sub']).toBe('user-1');
      expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
      const copies = [Object.assign({}, claims), { ...claims }];
      for (const copy of copies) {
        expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
        expect(copy['admin']).toBeUndefined();
      }
      const x: unknown = [claims['x']].flat()[0];
      expect(Object.getPrototypeOf(Object.assign({}, x))).toBe(Object.prototype);
    });

    it('[attack-21-prototype-pollution-via-claims] change no header: the algorithm stays what it is', async () => {
      const header = JSON.stringify(api.builder.header());
      await expectInvalidToken(
        api,
        signed(claimsWith('"x":1'), header.replace(/"alg":"ES256",?/, '"__proto__":{"alg":"ES256"},')),
        'token.malformed',
      );
      const token = signed(
        claimsWith('"x":1'),
        header.replace(
          '{',
          '{"__proto__":{"alg":"none","typ":"JWT"},"constructor":{"prototype":{"kid":"x"}},',
        ),
      );
      const accepted = await expectAccepted(api, token);
      expect(Object.assign({}, accepted.header)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
      expect(({} as Record<string, unknown>)['alg']).toBeUndefined();
    });

    it('[attack-21-prototype-pollution-via-claims] do not stand in for a claim that is missing', async () => {
      const token = signed(claimsWithout('sub', '"__proto__":{"sub":"admin"}'));
      await expectInvalidToken(api, token, 'token.claim-invalid');
    });
  });

  describe('that come twice', () => {
    it.each([
      ['aud, ours first', '"aud":"https://api.example"'],
      ['aud, another first', '"aud":"https://other.example"'],
      ['sub', '"sub":"admin"'],
      ['scope, within the payload', '"scope":"a","scope":"b"'],
      ['a member of cnf', '"cnf":{"jkt":"a","jkt":"b"}'],
      ['cnf', '"cnf":{},"cnf":{}'],
      ['a name spelt with an escape', '"\\u0073ub":"admin"'],
      ['a name in a list', '"x":[{"y":1,"y":2}]'],
    ])('[attack-22-duplicate-json-members] are refused in the payload: %s', async (_what, members) => {
      await expectInvalidToken(api, signed(claimsWith(members)), 'token.duplicate-member');
    });

    it.each(['"alg":"none"', '"alg":"ES256"', '"typ":"JWT"', '"kid":"other"', '"x":{"y":1,"y":2}'])(
      '[attack-22-duplicate-json-members] are refused in the header: %s',
      async (member) => {
        const header = JSON.stringify(api.builder.header()).replace('{', `{${member},`);
        await expectInvalidToken(api, signed(claimsWith('"x":1'), header), 'token.duplicate-member');
      },
    );

    it('[attack-22-duplicate-json-members] are refused in a key set, which is then none', async () => {
      const remote = await startRemoteKeyApi();
      const set = JSON.stringify({ keys: remote.builder.jwks.keys });
      const spoilt = [
        set.replace('{', '{"keys":[],'),
        set.replace('"kty":"EC"', '"kty":"EC","kty":"EC"'),
        set.replace('"x":', '"x":"AAAA","x":'),
      ];
      for (const body of spoilt) {
        expect(body).not.toBe(set);
        const api = await startRemoteKeyApi();
        api.server.serveRaw('/jwks', { headers: { 'content-type': 'application/json' }, body });
        await expectKeysUnavailable(api, api.builder.accessToken());
        expect(api.eventsOf('fetch-failed')[0]?.error.message).toContain('duplicate-member');
      }
      await expectAccepted(remote, remote.builder.accessToken());
    });
  });
});
