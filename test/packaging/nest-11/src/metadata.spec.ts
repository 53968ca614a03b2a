import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, VersioningType, type INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssayModule } from '@assay/nest';
import request from 'supertest';
import { tokens } from './start.js';

@Controller({ path: 'orders', version: '1' })
class OrdersController {
  @Get()
  orders() {
    return {};
  }
}

const wellKnown = '/.well-known/oauth-protected-resource';

async function compiled() {
  const { issuer, jwks: keys, audience } = await tokens;
  const assay = AssayModule.forRoot({
    issuer,
    keys,
    audience,
    metadata: { scopesSupported: ['orders:read'] },
  });
  const nothing = () => undefined;
  return Test.createTestingModule({ imports: [assay], controllers: [OrdersController] })
    .setLogger({ log: nothing, error: nothing, warn: nothing })
    .compile();
}

async function started(platform: 'Express' | 'Fastify'): Promise<INestApplication> {
  const module = await compiled();
  const app: INestApplication =
    platform === 'Express'
      ? module.createNestApplication<NestExpressApplication>()
      : module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI });
  await app.init();
  if (platform === 'Fastify') await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
  return app;
}

describe.each(['Express', 'Fastify'] as const)('metadata on Nest 11 with %s', (platform) => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await started(platform);
  });
  afterAll(() => app.close());

  const call = () => request(app.getHttpServer() as Server);

  it('is served at the root, whatever prefix and version routes have', async () => {
    const answer = await call().get(wellKnown).expect(200).expect('Content-Type', 'application/json');
    expect(answer.body).toEqual({
      resource: 'https://api.example',
      authorization_servers: ['https://as.example'],
      scopes_supported: ['orders:read'],
      bearer_methods_supported: ['header'],
    });
    await call().head(wellKnown).expect(200);
    await call().post(wellKnown).expect(405).expect('Allow', 'GET, HEAD');
    await call().get(`/api${wellKnown}`).expect(404);
  });

  it('is pointed to in challenges', async () => {
    const answer = await call().get('/api/v1/orders').expect(401);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="https://api.example", resource_metadata="https://api.example${wellKnown}"`,
    );
  });
});
