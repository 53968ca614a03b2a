import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failures, knownAlgorithms, SetupError } from '@assay/core';
import { protect, requireScope, requireStepUp } from '@assay/express';
import { compactJws, createProofBuilder } from '@assay/testing';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import {
  expectChallenge,
  invalidToken,
  noCredentials,
  type ExpectedChallenge,
} from '../support/expect-outcome.js';
import {
  closeOpaqueTokenApis,
  startOpaqueTokenApi,
  type OpaqueTokenApi,
} from '../support/opaque-token-api.js';
import { parseChallenges } from '../support/parse-challenges.js';
import {
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';

const strong = { acrValues: ['gold', 'platinum'] };
const recent = { maxAgeSeconds: 300 };
const insufficient = { status: 401, error: 'insufficient_user_authentication' } as const;

describe('RFC 9470', () => {
  let api: ProtectedApi;
  let handled = 0;
  const handler: RequestHandler = (_request, response) => {
    handled += 1;
    response.json({});
  };
  beforeAll(async () => {
    api = await startProtectedApi({
      routes: (app) => {
        app.get('/strong', requireStepUp(strong), handler);
        app.get('/recent', requireStepUp(recent), handler);
        app.get('/all', requireStepUp({ ...strong, ...recent }), requireScope('a', 'b'), handler);
        app.get('/scope-first', requireScope('a', 'b'), requireStepUp({ ...strong, ...recent }), handler);
      },
    });
  });
  afterAll(closeProtectedApis);
  beforeEach(() => {
    handled = 0;
  });

  async function expectAnswer(
    target: string,
    claims: Record<string, unknown>,
    expected: ExpectedChallenge | 200,
  ) {
    const answer = await api.sendToken(api.builder.accessToken(claims), target);
    expect(handled).toBe(expected === 200 ? 1 : 0);
    if (expected === 200) expect(answer.status).toBe(200);
    else expectChallenge(answer, expected);
  }

  it.each([
    ['silver', { ...insufficient, acrValues: 'gold platinum' }],
    ['gold', 200],
    ['platinum', 200],
  ] as const)('[rfc9470-3-acr] a token of %s where gold or platinum will do', async (acr, expected) => {
    await expectAnswer('/strong', { acr }, expected);
  });

  describe('[rfc9470-3-max-age] a login no longer than 300 seconds ago', () => {
    it.each([
      [301, { ...insufficient, maxAge: '300' }],
      [299, 200],
      [300, 200],
    ] as const)('was %i seconds ago', async (secondsAgo, expected) => {
      await expectAnswer('/recent', { auth_time: nowSeconds - secondsAgo }, expected);
    });

    it.each([-1, 1.5])('cannot be configured as %d', (maxAgeSeconds) => {
      expect(() => requireStepUp({ maxAgeSeconds })).toThrow(SetupError);
    });
  });

  it.each([
    ['no acr', '/strong', {}],
    ['acr 2', '/strong', { acr: 2 }],
    ['no auth_time', '/recent', { iat: nowSeconds }],
    ['auth_time "1"', '/recent', { auth_time: '1' }],
    ['auth_time as a text of now', '/recent', { auth_time: String(nowSeconds) }],
    ['auth_time in the future', '/recent', { auth_time: nowSeconds + 1 }],
  ])('[rfc9470-6-missing-info] a token with %s satisfies nothing', async (_what, target, claims) => {
    const demand = target === '/strong' ? { acrValues: 'gold platinum' } : { maxAge: '300' };
    await expectAnswer(target, claims, { ...insufficient, ...demand });
  });

  describe('[rfc9470-6-missing-info] a token of which introspection says', () => {
    let opaque: OpaqueTokenApi;
    beforeAll(async () => {
      opaque = await startOpaqueTokenApi((app) => {
        app.get('/strong', requireStepUp(strong), handler);
        app.get('/recent', requireStepUp(recent), handler);
      });
    });
    afterAll(closeOpaqueTokenApis);

    it.each([
      ['no acr', '/strong', {}],
      ['acr 2', '/strong', { acr: 2 }],
      ['no auth_time', '/recent', {}],
      ['auth_time "1"', '/recent', { auth_time: '1' }],
      ['auth_time in the future', '/recent', { auth_time: nowSeconds + 1 }],
    ])('%s satisfies nothing', async (_what, target, members) => {
      const demand = target === '/strong' ? { acrValues: 'gold platinum' } : { maxAge: '300' };
      const answer = await opaque.sendIntrospected(members, target);
      expectChallenge(answer, { ...insufficient, ...demand });
      expect(handled).toBe(0);
    });

    it.each([
      ['acr gold', '/strong', { acr: 'gold' }],
      ['auth_time 300 seconds ago', '/recent', { auth_time: nowSeconds - 300 }],
    ])('%s satisfies what it does in a JWT', async (_what, target, members) => {
      expect((await opaque.sendIntrospected(members, target)).status).toBe(200);
      expect(handled).toBe(1);
    });
  });

  describe('[rfc9470-9-after-validation] a step-up route says nothing of itself', () => {
    it('to an expired token', async () => {
      const token = api.builder.accessToken({ iat: nowSeconds - 60, exp: nowSeconds - 1 });
      expectChallenge(await api.sendToken(token, '/all'), invalidToken);
    });

    it.each([
      ['with alg none', (signed: string) => `${signed.split('.').slice(0, 2).join('.')}.`, { alg: 'none' }],
      ['without its signature', (signed: string) => `${signed.split('.').slice(0, 2).join('.')}.`, {}],
    ])('to a token %s', async (_how, unsigned, header) => {
      const signed = compactJws({
        header: { ...api.builder.header(), ...header },
        payload: { ...api.builder.claims(), acr: 'silver' },
        key: api.builder.key,
        alg: 'ES256',
      });
      expectChallenge(await api.sendToken(unsigned(signed), '/all'), invalidToken);
    });

    it('to a request without a token', async () => {
      expectChallenge(await api.send({ target: '/all' }), noCredentials);
    });
  });

  describe('[rfc9470-3-scheme-and-combination] one challenge names all that falls short', () => {
    const demand = { ...insufficient, acrValues: 'gold platinum', maxAge: '300' };

    it.each(['/all', '/scope-first'])('acr, max_age and scope: %s', async (target) => {
      await expectAnswer(target, { acr: 'silver', auth_time: nowSeconds - 301 }, { ...demand, scope: 'a b' });
    });

    it.each(['/all', '/scope-first'])('but no scope that is there: %s', async (target) => {
      await expectAnswer(target, { acr: 'silver', auth_time: nowSeconds - 301, scope: 'b a' }, demand);
    });

    it('and nothing of the login where the scope alone falls short', async () => {
      await expectAnswer(
        '/all',
        { acr: 'gold', auth_time: nowSeconds, scope: 'a' },
        { status: 403, error: 'insufficient_scope', scope: 'a b' },
      );
    });

    it.each([
      ['alone', {}, {}],
      [
        'with the metadata of the API',
        { metadata: {} },
        { resource_metadata: 'https://api.example/.well-known/oauth-protected-resource' },
      ],
    ])('in the scheme of the client, which is DPoP here, %s', async (_how, settings, more) => {
      const { builder, clock } = api;
      const { issuer, audience, jwks: keys } = builder;
      const app = express();
      app.use(protect({ issuer, audience, keys, clock, leewaySeconds: 0, ...settings }));
      app.get('/all', requireStepUp({ ...strong, ...recent }), requireScope('a', 'b'), handler);
      const proofs = await createProofBuilder({ clock });
      const token = builder.accessToken({
        acr: 'silver',
        auth_time: nowSeconds - 301,
        cnf: { jkt: proofs.thumbprint },
      });
      const { status, headers } = await request(app)
        .get('/all')
        .set({ ...proofs.headers(token, { url: 'https://api.example/all' }) });
      expect(status).toBe(401);
      // The parser refuses a parameter that stands twice.
      const challenges = parseChallenges(headers['www-authenticate'] ?? '');
      const description = failures['authentication.insufficient'].description;
      expect(challenges).toEqual([
        {
          scheme: 'dpop',
          parameters: {
            realm: 'https://api.example',
            algs: knownAlgorithms.join(' '),
            error: 'insufficient_user_authentication',
            error_description: description,
            acr_values: 'gold platinum',
            max_age: '300',
            scope: 'a b',
            ...more,
          },
        },
      ]);
      expect(handled).toBe(0);
    });

    it('until a token has it all', async () => {
      await expectAnswer('/all', { acr: 'gold', auth_time: nowSeconds, scope: 'a b' }, 200);
    });
  });
});
