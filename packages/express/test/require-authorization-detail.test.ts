import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { principalOf, protect, requireAuthorizationDetail } from '@assay/express';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import express, { type Express } from 'express';
import request from 'supertest';

describe('requireAuthorizationDetail', () => {
  let issuer: TestIssuer;
  let app: Express;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = express();
    app.use(protect(issuer.options));
    const handler: express.RequestHandler = (req, res) => {
      res.json({ details: principalOf(req).authorizationDetails });
    };
    app.get(
      '/payments',
      requireAuthorizationDetail({ type: 'payment_initiation', actions: ['initiate'] }),
      handler,
    );
    app.get(
      '/accounts/:id',
      requireAuthorizationDetail({
        type: 'account',
        satisfies: ({ identifier }, { request: { params } }) => identifier === params['id'],
      }),
      handler,
    );
    app.get(
      '/broken',
      requireAuthorizationDetail({ type: 'account', satisfies: () => 'yes' as never }),
      handler,
    );
  });
  afterAll(() => issuer.close());

  const get = (path: string, authorizationDetails: unknown) =>
    request(app)
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken({ authorization_details: authorizationDetails })}`);

  it('lets a token with the detail pass, and shows it to the handler', async () => {
    const details = [{ type: 'payment_initiation', actions: ['initiate', 'status'], amount: '10.00' }];
    const { status, body } = await get('/payments', details);
    expect([status, body]).toEqual([200, { details }]);
  });

  it.each([
    ['no detail', undefined],
    ['another type', [{ type: 'account', actions: ['initiate'] }]],
    ['another action', [{ type: 'payment_initiation', actions: ['status'] }]],
    [
      'another location',
      [{ type: 'payment_initiation', actions: ['initiate'], locations: ['https://x.example'] }],
    ],
  ])('refuses a token with %s, and says nothing of the policy', async (_what, details) => {
    const { status, headers, body } = await get('/payments', details);
    expect([status, headers['www-authenticate']]).toEqual([
      403,
      'Bearer realm="https://api.example", error="insufficient_scope", error_description="The token does not permit this request."',
    ]);
    expect(JSON.stringify(body)).not.toMatch(/payment|initiate/);
  });

  it('compares a detail with the request', async () => {
    const details = [{ type: 'account', identifier: 'account-1' }];
    await get('/accounts/account-1', details).expect(200);
    await get('/accounts/account-2', details).expect(403);
  });

  it('answers 500 and lets nobody in when the function answers nonsense', async () => {
    const { status, body } = await get('/broken', [{ type: 'account' }]);
    expect([status, body]).toEqual([
      500,
      { error: 'server_error', error_description: 'The request could not be judged.' },
    ]);
  });

  it('refuses a policy without a type at start', () => {
    expect(() => requireAuthorizationDetail({ type: '' })).toThrow(SetupError);
  });
});
