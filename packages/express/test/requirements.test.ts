import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { protect, requireClaim, requireScope, requireSubjectKind } from '@assay/express';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import express, { type Express, type RequestHandler } from 'express';
import request from 'supertest';

describe('requirements', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterAll(() => issuer.close());

  function appWith(path: string, ...requirements: readonly RequestHandler[]): Express {
    const app = express();
    app.get(path, protect(issuer.options), ...requirements, (_req, res) => {
      res.json({ ok: true });
    });
    return app;
  }

  const get = (app: Express, path: string, claims: Record<string, unknown>) =>
    request(app)
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken(claims)}`);

  describe('requireClaim', () => {
    const app = () =>
      appWith(
        '/:tenant/orders',
        requireClaim('tenant', (value, { request: { params } }) => value === params['tenant']),
      );

    it('compares a claim with a path parameter', async () => {
      await get(app(), '/acme/orders', { tenant: 'acme' }).expect(200);
      await get(app(), '/other/orders', { tenant: 'acme' }).expect(403);
    });

    it('answers 403 without a scope and without a word about the policy', async () => {
      const response = await get(app(), '/other/orders', { tenant: 'acme' });
      expect(response.headers['www-authenticate']).toBe(
        'Bearer realm="https://api.example", error="insufficient_scope", error_description="The token does not permit this request."',
      );
      expect(JSON.stringify([response.headers, response.body])).not.toMatch(/tenant|acme/);
    });

    it('answers 500 and lets nobody in when the predicate throws', async () => {
      const failing = appWith(
        '/',
        requireClaim('tenant', () => {
          throw new Error('the lookup failed');
        }),
      );
      const response = await get(failing, '/', { tenant: 'acme' });
      expect([response.status, response.body]).toEqual([
        500,
        { error: 'server_error', error_description: 'The request could not be judged.' },
      ]);
    });
  });

  describe('[rfc9068-4-authz-claims] authorization claims feed the decision', () => {
    const writes = () => appWith('/', requireScope('orders:write'));

    it.each([
      ['with another scope', { scope: 'orders:read' }],
      ['without scope', {}],
    ])('a token %s is refused where orders:write is required', async (_name, claims) => {
      const response = await get(writes(), '/', claims);
      expect(response.status).toBe(403);
      expect(response.headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(response.headers['www-authenticate']).toContain('scope="orders:write"');
    });

    it('a token with the role is let in where the role is required', async () => {
      await get(appWith('/', requireClaim('roles', 'admin')), '/', { roles: ['admin'] }).expect(200);
      await get(appWith('/', requireClaim('roles', 'admin')), '/', { roles: ['reader'] }).expect(403);
    });
  });

  describe('[rfc9700-4.15-client-as-user] a client that acts for itself is not taken for a user', () => {
    const asClient = { sub: 'client-1', client_id: 'client-1' };

    it('is refused where users alone are let in', async () => {
      const response = await get(appWith('/', requireSubjectKind('user')), '/', asClient);
      expect(response.status).toBe(403);
      expect(response.headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(response.headers['www-authenticate']).not.toContain('scope=');
    });

    it('is let in where clients are, and its principal says what it is', async () => {
      const app = express();
      app.get('/', protect(issuer.options), requireSubjectKind('client'), (req, res) => {
        res.json({ kind: req.principal?.subjectKind });
      });
      const response = await get(app, '/', asClient).expect(200);
      expect(response.body).toEqual({ kind: 'client' });
    });
  });
});
