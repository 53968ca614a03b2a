import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer } from '@assay/core';
import { createTestIssuer, hostileRequests, type TestIssuer } from '@assay/testing';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { App } from 'supertest/types.js';
import request from 'supertest';
import { AppModule } from '../src/app.module.js';

describe('the orders API', () => {
  let issuer: TestIssuer;
  let app: INestApplication<App>;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const metadata = { scopesSupported: ['orders:read', 'orders:write'] };
    const imports = [AppModule.for(createResourceServer({ ...issuer.options, metadata }))];
    app = (await Test.createTestingModule({ imports }).compile()).createNestApplication();
    await app.init();
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const bearer = (scope: string) => `Bearer ${issuer.accessToken({ scope })}`;

  it('is healthy without a token', async () => {
    await request(app.getHttpServer()).get('/health').expect(200, { status: 'ok' });
  });

  it('shows orders to those who may read them', async () => {
    const response = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', bearer('orders:read'))
      .expect(200);
    expect(response.body).toEqual({ orders: [{ id: 1, item: 'a globe', by: 'the shop' }] });
  });

  it('takes an order from those who may read and write, in the name of the subject', async () => {
    const response = await request(app.getHttpServer())
      .post('/orders')
      .set('Authorization', bearer('orders:read orders:write'))
      .send({ item: 'a map' })
      .expect(201);
    expect(response.body).toEqual({ id: 2, item: 'a map', by: 'user-1' });
  });

  it('asks for a token where none came', async () => {
    const response = await request(app.getHttpServer()).get('/orders').expect(401);
    expect(response.headers['www-authenticate']).toBe(
      'Bearer realm="https://api.example", ' +
        'resource_metadata="https://api.example/.well-known/oauth-protected-resource"',
    );
  });

  it('tells where tokens come from, and which scopes there are', async () => {
    const response = await request(app.getHttpServer())
      .get('/.well-known/oauth-protected-resource')
      .expect(200);
    expect(response.body).toEqual({
      resource: 'https://api.example',
      authorization_servers: [issuer.issuer],
      scopes_supported: ['orders:read', 'orders:write'],
      bearer_methods_supported: ['header'],
    });
  });

  it.each([
    ['orders:read', 'orders:write'],
    ['orders:write', 'orders:read'],
  ])('with %s alone, names %s as missing', async (scope, missing) => {
    const response = await request(app.getHttpServer())
      .post('/orders')
      .set('Authorization', bearer(scope))
      .expect(403);
    expect(response.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(response.headers['www-authenticate']).toContain(missing);
  });

  it('refuses a token for another API', async () => {
    const token = issuer.accessToken({ aud: 'https://reports.example', scope: 'orders:read' });
    const response = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', `Bearer ${token}`)
      .expect(401);
    expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it.each(hostileRequests(() => issuer, { scope: 'orders:read orders:write' }))(
    'refuses $name',
    async ({ headers, query, status, error }) => {
      const call = request(app.getHttpServer()).post('/orders').set(headers).query(query);
      const response = await call.expect(status);
      expect((response.body as { error?: string }).error).toBe(error);
    },
  );
});
