import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { requireScope, requireStepUp } from '@assay/express';
import { compactJws } from '@assay/testing';
import type { RequestHandler } from 'express';
import {
  expectChallenge,
  invalidToken,
  noCredentials,
  type ExpectedChallenge,
} from '../support/expect-outcome.js';
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

  // The scheme of the client is Bearer here; the same with a bound token and DPoP stands in rfc9449.
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

    it('until a token has it all', async () => {
      await expectAnswer('/all', { acr: 'gold', auth_time: nowSeconds, scope: 'a b' }, 200);
    });
  });
});
