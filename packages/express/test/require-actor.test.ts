import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { principalOf, protect, requireActor, requireAnyScope, requireScope } from '@assay/express';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import express, { type Express } from 'express';
import request from 'supertest';

const refused =
  'Bearer realm="https://api.example", error="insufficient_scope", error_description="The token does not permit this request."';

describe('requireActor', () => {
  let issuer: TestIssuer;
  let app: Express;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = express();
    app.use(protect(issuer.options));
    const handler: express.RequestHandler = (req, res) => {
      const { subject, actors } = principalOf(req);
      res.json({ for: subject, by: actors.map((actor) => actor.subject) });
    };
    app.get('/listed', requireActor({ actors: ['svc-assistant'], maximumDepth: 1 }), handler);
    app.get('/optional', requireActor({ actors: ['svc-assistant'], optional: true }), handler);
    app.get(
      '/calendars/:owner',
      requireActor({
        actors: ({ subject }, { principal, request: { params } }) =>
          subject === 'svc-assistant' && principal.subject === params['owner'],
      }),
      handler,
    );
    app.get(
      '/broken',
      requireActor({
        actors: () => {
          throw new Error('the lookup failed');
        },
      }),
      handler,
    );
  });
  afterAll(() => issuer.close());

  const get = (path: string, claims: Record<string, unknown>) =>
    request(app)
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken(claims)}`);

  const assistant = { sub: 'svc-assistant' };

  it('lets an actor of the list pass, and names actor and user to the handler', async () => {
    const { status, body } = await get('/listed', { act: assistant });
    expect([status, body]).toEqual([200, { for: 'user-1', by: ['svc-assistant'] }]);
  });

  it('names those who acted before, where they may have', async () => {
    const { body } = await get('/calendars/user-1', { act: { ...assistant, act: { sub: 'svc-front' } } });
    expect(body).toEqual({ for: 'user-1', by: ['svc-assistant', 'svc-front'] });
  });

  it.each([
    ['another actor', { act: { sub: 'svc-other' } }],
    ['an actor in second place', { act: { sub: 'svc-other', act: assistant } }],
    ['a longer chain', { act: { ...assistant, act: { sub: 'svc-front' } } }],
    ['the user alone', {}],
    ['whoever may act', { may_act: assistant }],
  ])('refuses %s with 403, and says nothing of the policy', async (_who, claims) => {
    const { status, headers, body } = await get('/listed', claims);
    expect([status, headers['www-authenticate']]).toEqual([403, refused]);
    expect(JSON.stringify(body)).not.toMatch(/svc-|act/);
  });

  it('lets the user come itself where that is optional', async () => {
    await get('/optional', {}).expect(200);
    await get('/optional', { act: assistant }).expect(200);
    await get('/optional', { act: { sub: 'svc-other' } }).expect(403);
  });

  it('asks a function for whom and on which request', async () => {
    await get('/calendars/user-1', { act: assistant }).expect(200);
    await get('/calendars/user-2', { act: assistant }).expect(403);
    await get('/calendars/user-1', { act: { sub: 'svc-other' } }).expect(403);
  });

  it('answers 500 and lets nobody in when the function throws', async () => {
    const { status, body } = await get('/broken', { act: assistant });
    expect([status, body]).toEqual([
      500,
      { error: 'server_error', error_description: 'The request could not be judged.' },
    ]);
  });

  it('refuses a policy that names nobody at start', () => {
    expect(() => requireActor({ actors: [] })).toThrow(SetupError);
  });
});

describe('scopesOfActor', () => {
  let issuer: TestIssuer;
  let app: Express;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = express();
    const rights: Readonly<Record<string, readonly string[]>> = { 'svc-assistant': ['read'] };
    app.use(protect({ ...issuer.options, scopesOfActor: ({ subject }) => rights[subject] ?? [] }));
    const handler: express.RequestHandler = (req, res) => {
      res.json({ scopes: principalOf(req).scopes, mayWrite: req.principal?.hasScope('write') });
    };
    app.get('/read', requireScope('read'), handler);
    app.get('/write', requireScope('write'), requireActor({ actors: ['svc-assistant'] }), handler);
    app.get(
      '/either',
      requireActor({ actors: ['svc-assistant'] }),
      requireAnyScope('write', 'read'),
      handler,
    );
    app.get('/admin', requireScope('admin'), handler);
    app.get('/anything', handler);
  });
  afterAll(() => issuer.close());

  const get = (path: string, act?: unknown) =>
    request(app)
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'read write', act })}`);

  const assistant = { sub: 'svc-assistant' };

  it.each([
    ['/read', undefined, 200],
    ['/read', assistant, 200],
    ['/read', { sub: 'svc-other' }, 403],
    ['/read', { sub: 'svc-other', act: assistant }, 403],
    ['/write', assistant, 403],
    ['/either', assistant, 200],
  ])('holds a scope to the rights of token and actor: %s by %j is %i', async (path, act, status) => {
    await get(path, act).expect(status);
  });

  it('does not name a scope that the token has, because another token would not help', async () => {
    const { headers } = await get('/write', assistant).expect(403);
    expect(headers['www-authenticate']).toBe(refused);
  });

  it('names a scope that the token lacks', async () => {
    const { headers } = await get('/admin', assistant).expect(403);
    expect(headers['www-authenticate']).toContain('scope="admin"');
  });

  it('shows the handler the scopes that count, also where the route demands nothing', async () => {
    const { body } = await get('/anything', assistant).expect(200);
    expect(body).toEqual({ scopes: ['read'], mayWrite: false });
    expect((await get('/anything').expect(200)).body).toEqual({ scopes: ['read', 'write'], mayWrite: true });
  });
});
