import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { createTestIssuer, hostileRequests, type TestIssuer } from '@assay/testing';
import type { Express } from 'express';
import request from 'supertest';
import { createApp } from '../src/app.js';

describe('the reports API', () => {
  let issuer: TestIssuer;
  let app: Express;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const metadata = { scopesSupported: ['reports:read', 'reports:write'] };
    app = createApp(createResourceServer({ ...issuer.options, metadata }));
  });
  afterAll(() => issuer.close());

  const bearer = (scope: string) => `Bearer ${issuer.accessToken({ scope })}`;

  it('is healthy without a token', async () => {
    await request(app).get('/health').expect(200, { status: 'ok' });
  });

  it('shows reports to those who may read them', async () => {
    const response = await request(app)
      .get('/reports')
      .set('Authorization', bearer('reports:read'))
      .expect(200);
    expect(response.body).toEqual({ reports: [{ id: 1, title: 'Third quarter', by: 'finance' }] });
  });

  it('takes a report from those who may write, in the name of the subject', async () => {
    const response = await request(app)
      .post('/reports')
      .set('Authorization', bearer('reports:write'))
      .send({ title: 'Fourth quarter' })
      .expect(201);
    expect(response.body).toEqual({ id: 2, title: 'Fourth quarter', by: 'user-1' });
  });

  it('asks for a token where none came', async () => {
    const response = await request(app).get('/reports').expect(401);
    expect(response.headers['www-authenticate']).toBe(
      'Bearer realm="https://api.example", ' +
        'resource_metadata="https://api.example/.well-known/oauth-protected-resource"',
    );
  });

  it('tells where tokens come from, and which scopes there are', async () => {
    const response = await request(app).get('/.well-known/oauth-protected-resource').expect(200);
    expect(response.body).toEqual({
      resource: 'https://api.example',
      authorization_servers: [issuer.issuer],
      scopes_supported: ['reports:read', 'reports:write'],
      bearer_methods_supported: ['header'],
    });
  });

  it('names the scope that is missing', async () => {
    const response = await request(app)
      .post('/reports')
      .set('Authorization', bearer('reports:read'))
      .expect(403);
    expect(response.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(response.headers['www-authenticate']).toContain('scope="reports:write"');
  });

  it('refuses a token for another API', async () => {
    const token = issuer.accessToken({ aud: 'https://orders.example', scope: 'reports:read' });
    const response = await request(app).get('/reports').set('Authorization', `Bearer ${token}`).expect(401);
    expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each(hostileRequests(() => issuer, { scope: 'reports:read' }))(
    'refuses $name',
    async ({ headers, query, status, error }) => {
      const response = await request(app).get('/reports').set(headers).query(query).expect(status);
      expect((response.body as { error?: string }).error).toBe(error);
    },
  );
});
