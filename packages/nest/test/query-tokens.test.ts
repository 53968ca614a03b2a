import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AssayModule } from '@assay/nest';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import { Controller, Get, Header, type INestApplication } from '@nestjs/common';
import request from 'supertest';
import { platforms } from './platforms.js';

@Controller('orders')
class OrdersController {
  @Get()
  @Header('Cache-Control', 'public, max-age=60')
  orders(): object {
    return {};
  }
}

describe.each(platforms)('a token in the query, on %s', (_name, start) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  beforeAll(async () => {
    issuer = await createTestIssuer();
    const options = { ...issuer.options, tokenLocations: ['header', 'query'] as const };
    app = await start({ imports: [AssayModule.forRoot(options)], controllers: [OrdersController] });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (path: string) => request(app.getHttpServer() as never).get(path);

  it('keeps the answer out of shared caches, whatever the handler says', async () => {
    const response = await get(`/orders?access_token=${issuer.accessToken()}`);
    expect([response.status, response.headers['cache-control']]).toEqual([200, 'private']);
  });

  it('leaves the answer to a token in the header as the handler has it', async () => {
    const response = await get('/orders').set('Authorization', `Bearer ${issuer.accessToken()}`);
    expect([response.status, response.headers['cache-control']]).toEqual([200, 'public, max-age=60']);
  });

  it('is refused where it is bad, like any other', async () => {
    const response = await get(`/orders?access_token=${issuer.accessToken({ exp: 1 })}`);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
  });
});
