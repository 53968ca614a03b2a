import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureCode } from '@assay/core';
import { requireScope } from '@assay/express';
import { createTestIssuer, createTokenBuilder, fixedClock } from '@assay/testing';
import { expectAccepted, expectChallenge, expectInvalidToken } from '../support/expect-outcome.js';
import {
  baselineBuilder,
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';

describe('RFC 9068', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi({
      routes: (app) => {
        app.get('/write', requireScope('orders:write'), (_request, response) => {
          response.json({});
        });
      },
    });
  });
  afterAll(closeProtectedApis);

  it('[rfc9068-2.1-rs256] accepts a token signed with RS256 and a key of 2048 bits', async () => {
    const builder = await createTokenBuilder({ alg: 'RS256', clock: api.clock });
    expect(Buffer.from(String(builder.key['n']), 'base64url')).toHaveLength(256);
    const { header } = await expectAccepted(await startProtectedApi({ builder }), builder.accessToken());
    expect(header.alg).toBe('RS256');
  });

  const requiredClaims: readonly (readonly [string, FailureCode])[] = [
    ['iss', 'token.issuer-unknown'],
    ['exp', 'token.expired'],
    ['aud', 'token.audience-mismatch'],
    ['sub', 'token.claim-invalid'],
    ['client_id', 'token.claim-invalid'],
    ['iat', 'token.claim-invalid'],
    ['jti', 'token.claim-invalid'],
  ];
  const absences: readonly (readonly [string, unknown])[] = [
    ['missing', undefined],
    ['empty', ''],
    ['null', null],
  ];

  describe.each(requiredClaims)('%s', (claim, code) => {
    it.each(absences)(
      `[rfc9068-2.2-rs-claims-present] refuses a token whose ${claim} is %s`,
      async (_how, value) => {
        await expectInvalidToken(api, api.builder.accessToken({ [claim]: value }), code);
      },
    );
  });

  it.each(['JWT', undefined, 'at', 'jwt', 'rt+jwt', 'application/jwt'])(
    '[rfc9068-4-typ] refuses a token of the type %p',
    async (typ) => {
      await expectInvalidToken(api, api.builder.accessToken({}, { header: { typ } }), 'token.type-mismatch');
    },
  );

  it.each(['https://as.example', 'https://as.example/tenant', ''])(
    '[rfc9068-4-iss] does not take %j for the configured https://as.example/',
    async (iss) => {
      const issuer = [{ issuer: 'https://as.example/', keys: api.builder.jwks }];
      const strict = await startProtectedApi({ builder: api.builder, settings: { issuer } });
      await expectInvalidToken(strict, api.builder.accessToken({ iss }), 'token.issuer-unknown');
      await expectAccepted(strict, api.builder.accessToken({ iss: 'https://as.example/' }));
    },
  );

  describe('aud', () => {
    it.each([
      ['a sibling API of the same issuer', 'https://sibling.example'],
      ['the client', 'client-1'],
      ['the issuer', 'https://as.example'],
    ])('[rfc9068-4-aud] refuses a token for %s', async (_whom, aud) => {
      await expectInvalidToken(api, api.builder.accessToken({ aud }), 'token.audience-mismatch');
    });

    it('[rfc9068-4-aud] accepts a token for this API and another', async () => {
      await expectAccepted(
        api,
        api.builder.accessToken({ aud: ['https://api.example', 'https://sibling.example'] }),
      );
    });
  });

  describe('the signature', () => {
    it('[rfc9068-4-signature] is refused of a local test key, also under the name of the right one', async () => {
      const { key } = await baselineBuilder(api.clock);
      await expectInvalidToken(api, api.builder.accessToken({}, { key }), 'token.signature-invalid');
    });

    it('[rfc9068-4-signature] is refused of a key of the client', async () => {
      const client = await baselineBuilder(api.clock, 'client-key');
      await expectInvalidToken(api, client.accessToken(), 'token.key-unknown');
    });

    it('[rfc9068-4-signature] is refused of a key that the issuer has rotated out', async () => {
      const clock = fixedClock(nowSeconds);
      const issuer = await createTestIssuer({ clock });
      try {
        const discovering = await startProtectedApi({ builder: issuer, clock, discovery: true });
        const token = issuer.accessToken();
        await expectAccepted(discovering, token);
        await issuer.rotate();
        issuer.withdrawOldKeys();
        await expectAccepted(discovering, issuer.accessToken());
        await expectInvalidToken(discovering, token, 'token.key-unknown');
      } finally {
        await issuer.close();
      }
    });

    it('[rfc9068-4-signature] cannot be left out', async () => {
      const [, payload = ''] = api.builder.accessToken().split('.');
      const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
      await expectInvalidToken(api, `${header}.${payload}.`, 'token.algorithm-refused');
    });
  });

  it('[rfc9068-4-exp] accepts a token, and refuses it when it comes again a second after exp and leeway', async () => {
    const watched = await startProtectedApi({ builder: api.builder, defaultLeeway: true });
    const token = api.builder.accessToken();
    await expectAccepted(watched, token);
    await expectAccepted(watched, token);
    watched.clock.advanceSeconds(300 + 10 + 1);
    await expectInvalidToken(watched, token, 'token.expired');
  });

  it('[rfc9068-5-any-advertised-key] accepts a token signed by any key of the set', async () => {
    const [first, second] = [api.builder, await baselineBuilder(api.clock, 'k2')];
    const keys = { keys: [...first.jwks.keys, ...second.jwks.keys] };
    const both = await startProtectedApi({ builder: first, settings: { keys } });
    for (const builder of [first, second]) {
      const { header } = await expectAccepted(both, builder.accessToken());
      expect(header.kid).toBe(builder.key['kid']);
    }
  });

  it('[rfc9068-5-any-advertised-key] tells kinds of token apart by typ, not by key', async () => {
    const second = await baselineBuilder(api.clock, 'k2');
    const keys = { keys: [...api.builder.jwks.keys, ...second.jwks.keys] };
    const both = await startProtectedApi({ builder: api.builder, settings: { keys } });
    await expectInvalidToken(both, second.accessToken({}, { header: { typ: 'JWT' } }), 'token.type-mismatch');
  });

  describe('the scope claim', () => {
    it.each([
      ['grants another scope', 'orders:read'],
      ['is missing', undefined],
    ])(
      'decides: a route that requires orders:write refuses a token whose scope %s',
      async (_how, granted) => {
        const answer = await api.sendToken(api.builder.accessToken({ scope: granted }), '/write');
        expectChallenge(answer, { status: 403, error: 'insufficient_scope', scope: 'orders:write' });
      },
    );

    it('decides: the same route lets a token with the scope pass', async () => {
      const { status } = await api.sendToken(api.builder.accessToken({ scope: 'orders:write' }), '/write');
      expect(status).toBe(200);
    });
  });
});
