import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { protect, requireClaim, requireScope, requireStepUp } from '@assay/express';
import { createTestIssuer, fixedClock, type TestIssuer } from '@assay/testing';
import express, { type Express } from 'express';
import express4 from 'express4';
import request from 'supertest';

const clock = fixedClock(1_800_000_000);
const strong = { acrValues: ['gold', 'platinum'] };
const recent = { maxAgeSeconds: 300 };

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('requireStepUp on %s', (_version, framework) => {
  let issuer: TestIssuer;
  let app: Express;
  let handled = 0;

  beforeAll(async () => {
    issuer = await createTestIssuer({ clock });
    app = framework();
    const handler: express.RequestHandler = (_req, res) => {
      handled += 1;
      res.json({});
    };
    app.use(protect(issuer.options));
    app.get('/both', requireStepUp({ ...strong, ...recent }), handler);
    app.get('/two', requireStepUp(strong), requireStepUp(recent), handler);
    app.get('/login-first', requireStepUp(strong), requireScope('write', 'admin'), handler);
    app.get('/scope-first', requireScope('write', 'admin'), requireStepUp(strong), handler);
    app.get('/in-lists', [requireStepUp(strong), requireScope('write', 'admin')], handler);
    app.get('/claim-first', requireClaim('tenant', 'acme'), requireStepUp(strong), handler);
    app.route('/methods').get(requireStepUp(strong), handler).post(requireScope('write'), handler);
    app.all('/every-method', requireScope('write'), requireStepUp(strong), handler);
    app.use('/router', requireScope('write'), framework.Router().get('/', requireStepUp(strong), handler));
  });
  afterAll(() => issuer.close());
  beforeEach(() => {
    handled = 0;
  });

  const send = async (
    path: string,
    claims: Record<string, unknown>,
    method: 'get' | 'head' | 'post' = 'get',
  ) => {
    const { status, headers } = await request(app)
      [method](path)
      .set('Authorization', `Bearer ${issuer.accessToken(claims)}`);
    return { status, challenge: headers['www-authenticate'] };
  };

  const insufficient =
    'Bearer realm="https://api.example", error="insufficient_user_authentication", ' +
    'error_description="The user has to be authenticated more strongly, or more recently."';

  it('lets a login pass that is strong and recent enough', async () => {
    const claims = { acr: 'platinum', auth_time: clock.nowSeconds() - 300 };
    expect((await send('/both', claims)).status).toBe(200);
    expect(handled).toBe(1);
  });

  it.each([
    ['weak', { acr: 'silver', auth_time: 1_800_000_000 }],
    ['long ago', { acr: 'gold', auth_time: 1_800_000_000 - 301 }],
    ['not told of', {}],
  ])('answers a login that is %s with all that is needed', async (_how, claims) => {
    expect(await send('/both', claims)).toEqual({
      status: 401,
      challenge: `${insufficient}, acr_values="gold platinum", max_age="300"`,
    });
    expect(handled).toBe(0);
  });

  it('forgives the clocks as much as the resource server does', async () => {
    expect((await send('/both', { acr: 'gold', auth_time: clock.nowSeconds() + 10 })).status).toBe(200);
    expect((await send('/both', { acr: 'gold', auth_time: clock.nowSeconds() + 11 })).status).toBe(401);
  });

  it.each([
    ['the first fails', { acr: 'silver', auth_time: 1_800_000_000 }],
    ['the second fails', { acr: 'gold', auth_time: 1 }],
  ])('names both demands of a route where %s', async (_which, claims) => {
    expect(await send('/two', claims)).toEqual({
      status: 401,
      challenge: `${insufficient}, acr_values="gold platinum", max_age="300"`,
    });
    expect(handled).toBe(0);
  });

  it.each(['/login-first', '/scope-first', '/in-lists'])(
    'names the scopes that are missing on the same route: %s',
    async (path) => {
      expect(await send(path, { acr: 'silver', scope: 'write' })).toEqual({
        status: 401,
        challenge: `${insufficient}, acr_values="gold platinum", scope="write admin"`,
      });
      expect(handled).toBe(0);
    },
  );

  it('leaves a scope alone that is there, and a login that will do', async () => {
    expect(await send('/login-first', { acr: 'silver', scope: 'write admin' })).toEqual({
      status: 401,
      challenge: `${insufficient}, acr_values="gold platinum"`,
    });
    const refused = await send('/login-first', { acr: 'gold' });
    expect(refused.status).toBe(403);
    expect(refused.challenge).not.toContain('acr_values');
  });

  it('sends nobody to log in for what stays forbidden', async () => {
    const refused = await send('/claim-first', { acr: 'silver', tenant: 'other' });
    expect(refused.status).toBe(403);
    expect(refused.challenge).not.toContain('acr_values');
    expect((await send('/claim-first', { acr: 'silver', tenant: 'acme' })).status).toBe(401);
  });

  it.each([
    ['get', '/methods', `${insufficient}, acr_values="gold platinum"`],
    ['head', '/methods', `${insufficient}, acr_values="gold platinum"`],
    ['post', '/every-method', `${insufficient}, acr_values="gold platinum", scope="write"`],
  ] as const)('names what the %s of a route demands', async (method, path, challenge) => {
    expect(await send(path, {}, method)).toEqual({ status: 401, challenge });
  });

  it('says nothing of the login where another method of the route wants one', async () => {
    const refused = await send('/methods', {}, 'post');
    expect(refused.status).toBe(403);
    expect(refused.challenge).not.toContain('acr_values');
  });

  it('judges what stands before a router by itself', async () => {
    expect((await send('/router', {})).status).toBe(403);
    expect((await send('/router', { scope: 'write' })).status).toBe(401);
    expect((await send('/router', { scope: 'write', acr: 'gold' })).status).toBe(200);
  });

  it('asks for a token first, and says nothing of the login to those who have none', async () => {
    const { status, headers } = await request(app).get('/both');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toBe('Bearer realm="https://api.example"');
  });

  it('refuses an impossible demand at start', () => {
    expect(() => requireStepUp({ maxAgeSeconds: -1 })).toThrow(SetupError);
  });
});
