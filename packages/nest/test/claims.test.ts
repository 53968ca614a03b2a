import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssayModule, Claim, RequireClaim, RequireSubjectKind } from '@assay/nest';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';

@Controller(':tenant')
@RequireClaim('tenant', (value, { request: { params } }) => value === params['tenant'])
class TenantController {
  @Get('orders')
  orders(@Claim('tenant') tenant: unknown, @Claim('constructor') none: unknown): object {
    return { tenant, none: none === undefined };
  }

  @Get('reports')
  @RequireClaim('roles', 'admin')
  reports(): object {
    return {};
  }

  @Get('profile')
  @RequireSubjectKind('user')
  profile(): object {
    return {};
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const)('claims on %s', (platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [AssayModule.forRoot(issuer.options)],
      controllers: [TenantController],
    }).compile();
    app = module.createNestApplication(adapter() as ExpressAdapter);
    await app.init();
    if (platform === 'Fastify') await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (path: string, claims: Record<string, unknown>) =>
    request(app.getHttpServer() as never)
      .get(path)
      .set('Authorization', `Bearer ${issuer.accessToken(claims)}`);

  it('compares a claim with a path parameter, and hands claims to the handler', async () => {
    const response = await get('/acme/orders', { tenant: 'acme' }).expect(200);
    expect(response.body).toEqual({ tenant: 'acme', none: true });
    const refused = await get('/other/orders', { tenant: 'acme' }).expect(403);
    expect(refused.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(JSON.stringify(refused.body)).not.toContain('tenant');
  });

  it('adds up claims of class and method', async () => {
    await get('/acme/reports', { tenant: 'acme', roles: ['admin'] }).expect(200);
    await get('/acme/reports', { tenant: 'acme', roles: ['reader'] }).expect(403);
    await get('/acme/reports', { tenant: 'other', roles: ['admin'] }).expect(403);
  });

  it('tells users from clients', async () => {
    await get('/acme/profile', { tenant: 'acme', auth_time: 1 }).expect(200);
    await get('/acme/profile', { tenant: 'acme', sub: 'client-1' }).expect(403);
  });
});
