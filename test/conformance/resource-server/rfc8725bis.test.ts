import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompatibilityName, Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import {
  expectAccepted,
  expectChallenge,
  expectInvalidToken,
  expectInvalidTokenOffTheWire,
  invalidRequest,
} from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 8725bis, best current practices', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);

  describe('the algorithms of two issuers', () => {
    const a = 'https://a.example';
    const b = 'https://b.example';
    const keys: Record<'rsa' | 'ec', Jwk> = {} as never;
    let both: ProtectedApi;

    beforeAll(async () => {
      keys.rsa = await generateJwk('RSA 2048', { alg: 'RS256', kid: 'rsa' });
      keys.ec = await generateJwk('P-256', { alg: 'ES256', kid: 'ec' });
      const set = { keys: [publicJwk(keys.rsa), publicJwk(keys.ec)] };
      both = await startProtectedApi({
        builder: api.builder,
        clock: api.clock,
        settings: {
          issuer: [
            { issuer: a, keys: set, algorithms: ['RS256'] },
            { issuer: b, keys: set, algorithms: ['ES256'] },
          ],
        },
      });
    });

    const signed = (iss: string, name: 'rsa' | 'ec') =>
      api.builder.accessToken(
        { iss },
        { key: keys[name], header: { alg: keys[name]['alg'], kid: keys[name]['kid'] } },
      );

    it.each([
      ['the first', a, 'ec', 'rsa'],
      ['the second', b, 'rsa', 'ec'],
    ] as const)(
      '[rfc8725bis-3.1-per-issuer] are not allowed to each other: %s, by a key in its own set',
      async (_which, iss, wrong, right) => {
        await expectInvalidToken(both, signed(iss, wrong), 'token.algorithm-refused');
        await expectAccepted(both, signed(iss, right));
      },
    );
  });

  describe('a type that may be missing', () => {
    const relaxed = async (compatibility: CompatibilityName) => {
      const { builder, clock } = api;
      return startProtectedApi({ builder, clock, settings: { compatibility } });
    };
    const typed = (typ: unknown, claims = {}) => api.builder.accessToken(claims, { header: { typ } });

    it.each([[undefined], ['at+jwt'], ['application/at+jwt']])(
      '[rfc8725bis-3.11-typ-present-must-match] is accepted: %j',
      async (typ) => {
        await expectAccepted(await relaxed('without-typ'), typed(typ));
      },
    );

    it.each(['JWT', 'logout+jwt', '', 'dpop+jwt', 'at', null, 1])(
      '[rfc8725bis-3.11-typ-present-must-match] is refused where it is there and another one: %j',
      async (typ) => {
        await expectInvalidToken(await relaxed('without-typ'), typed(typ), 'token.type-mismatch');
      },
    );

    it('[rfc8725bis-3.11-typ-present-must-match] is JWT only where the profile lists it by name', async () => {
      const listed = await relaxed('keycloak');
      const claims = { azp: 'client-1', client_id: undefined, typ: 'Bearer' };
      await expectAccepted(listed, typed('JWT', claims));
      await expectAccepted(listed, typed(undefined, claims));
      for (const typ of ['logout+jwt', '', 'ID']) {
        await expectInvalidToken(listed, typed(typ, claims), 'token.type-mismatch');
      }
    });

    it('leaves everything else that is configured in force', async () => {
      const { builder, clock } = api;
      const limited = await startProtectedApi({
        builder,
        clock,
        settings: {
          compatibility: 'without-typ',
          maximumTokenLifetimeSeconds: 300,
          acceptsSubject: (subject) => subject === 'user-1',
        },
      });
      const exp = clock.nowSeconds() + 301;
      await expectAccepted(limited, typed(undefined));
      await expectInvalidToken(limited, typed(undefined, { exp }), 'token.lifetime-excessive');
      await expectInvalidToken(limited, typed(undefined, { sub: 'user-2' }), 'token.subject-refused');
    });

    it('[rfc8725bis-3.11-typ-present-must-match] is required by default', async () => {
      await expectInvalidToken(api, typed(undefined), 'token.type-mismatch');
      await expectInvalidToken(api, typed('JWT'), 'token.type-mismatch');
    });
  });

  describe('the serialisation', () => {
    const parts = () => api.builder.accessToken().split('.') as [string, string, string];

    const serialised: readonly (readonly [string, () => string])[] = [
      [
        'flattened JWS JSON',
        () => {
          const [header, payload, signature] = parts();
          return JSON.stringify({ protected: header, payload, signature });
        },
      ],
      [
        'flattened JWS JSON with a raw payload',
        () => {
          const [header, payload, signature] = parts();
          return JSON.stringify({
            protected: header,
            payload: Buffer.from(payload, 'base64url').toString(),
            signature,
          });
        },
      ],
      [
        'general JWS JSON',
        () => {
          const [header, payload, signature] = parts();
          return JSON.stringify({ payload, signatures: [{ protected: header, signature }] });
        },
      ],
      [
        'general JWS JSON with a raw header',
        () => {
          const [header, payload, signature] = parts();
          const raw: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
          return JSON.stringify({ payload, signatures: [{ header: raw, signature }] });
        },
      ],
    ];

    it.each(serialised)('[rfc8725bis-3.14-format] is never JSON: %s', async (_what, make) => {
      await expectInvalidTokenOffTheWire(api, make(), 'token.malformed');
      const before = api.handlerCalls();
      expectChallenge(await api.sendToken(make()), invalidRequest);
      expect(api.handlerCalls()).toBe(before);
      // In letters that a header can carry, it is a bad token.
      await expectInvalidToken(api, Buffer.from(make()).toString('base64url'), 'token.malformed');
    });

    it.each(['{', '}', '{}', '"', "'", '[', '|', ',', '%'])(
      '[rfc8725bis-3.14-format] has nothing behind it that a header cannot carry: %s',
      async (appended) => {
        const token = api.builder.accessToken() + appended;
        await expectInvalidTokenOffTheWire(api, token, 'token.malformed');
        const before = api.handlerCalls();
        expectChallenge(await api.sendToken(token), invalidRequest);
        expect(api.handlerCalls()).toBe(before);
      },
    );

    it.each(['~', '~~', '~WyJhIl0~', '=', '+', '/', '.'])(
      '[rfc8725bis-3.14-format] has nothing behind it that base64url does not have: %s',
      async (appended) => {
        await expectInvalidToken(api, api.builder.accessToken() + appended, 'token.malformed');
      },
    );

    it('[rfc8725bis-3.14-format] is the compact one', async () => {
      await expectAccepted(api, parts().join('.'));
    });
  });
});
