import type { Server } from 'node:http';
import { All, Controller, Get, Options, Post, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AssayModule, Public } from '@assay/nest';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import request from 'supertest';
import { platforms } from './platforms.js';

let calls: string[] = [];

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    calls.push('list');
    return {};
  }

  @Post()
  create() {
    calls.push('create');
    return {};
  }

  @Get('mixed')
  @Public()
  read() {
    calls.push('read');
    return {};
  }

  @Post('mixed')
  write() {
    calls.push('write');
    return {};
  }

  @Options('own')
  own() {
    calls.push('own');
    return {};
  }

  @All('all')
  all() {
    calls.push('all');
    return {};
  }
}

describe.each(platforms)('request methods on %s', (_platform, start) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  let cors: INestApplication<Server>;

  const startApp = (configure: (created: INestApplication) => void) =>
    start(
      { imports: [AssayModule.forRoot(issuer.options)], controllers: [OrdersController] },
      { configure },
    ) as Promise<INestApplication<Server>>;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = await startApp(() => undefined);
    cors = await startApp((created) => {
      created.enableCors({ origin: 'https://app.example', exposedHeaders: 'WWW-Authenticate' });
    });
  });
  afterAll(async () => {
    await issuer.close();
    await app.close();
    await cors.close();
  });
  beforeEach(() => {
    calls = [];
  });

  const send = (
    method: 'get' | 'head' | 'options' | 'trace' | 'post' | 'put' | 'patch' | 'delete',
    path: string,
  ) => request(app.getHttpServer())[method](path);
  const bearer = () => `Bearer ${issuer.accessToken()}`;
  const challenge = 'Bearer realm="https://api.example"';

  describe('[attack-30-preflight-method-bypass] no method gets around the guard:', () => {
    it('HEAD on a protected GET route is 401 with the challenge', async () => {
      const response = await send('head', '/orders');
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toBe(challenge);
      expect(calls).toEqual([]);
    });

    it('HEAD with a valid token is served as the platform serves it', async () => {
      const response = await send('head', '/orders').set('Authorization', bearer());
      expect(response.status).toBe(200);
      expect(calls).toEqual(['list']);
    });

    it('OPTIONS that no handler serves reaches none', async () => {
      expect((await send('options', '/orders')).status).toBe(404);
      expect(calls).toEqual([]);
    });

    it('OPTIONS that a handler serves is 401 with the challenge', async () => {
      const response = await send('options', '/orders/own');
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toBe(challenge);
      expect(calls).toEqual([]);
    });

    it('OPTIONS that looks like a preflight is 401 on a handler of the application', async () => {
      const response = await send('options', '/orders/own')
        .set('Origin', 'https://app.example')
        .set('Access-Control-Request-Method', 'POST');
      expect(response.status).toBe(401);
      expect(calls).toEqual([]);
    });

    it('TRACE on a protected route reaches no handler', async () => {
      expect((await send('trace', '/orders')).status).toBe(404);
      expect(calls).toEqual([]);
    });

    it.each(['get', 'head', 'options', 'trace', 'post', 'put', 'patch', 'delete'] as const)(
      '%s on a handler for every method is 401 with the challenge',
      async (method) => {
        const response = await send(method, '/orders/all');
        expect(response.status).toBe(401);
        expect(response.headers['www-authenticate']).toBe(challenge);
        expect(calls).toEqual([]);
      },
    );

    it.each([
      ['X-HTTP-Method-Override', 'GET'],
      ['X-HTTP-Method', 'GET'],
      ['X-Method-Override', 'GET'],
    ])('a header %s does not make a protected POST the public GET', async (header, method) => {
      const response = await send('post', '/orders/mixed').set(header, method);
      expect(response.status).toBe(401);
      expect(calls).toEqual([]);
    });

    it('a parameter _method does not make a protected POST the public GET', async () => {
      const response = await send('post', '/orders/mixed?_method=GET').type('form').send({ _method: 'GET' });
      expect(response.status).toBe(401);
      expect(calls).toEqual([]);
    });

    it('a public GET does not make its POST public', async () => {
      expect((await send('get', '/orders/mixed')).status).toBe(200);
      expect((await send('post', '/orders/mixed')).status).toBe(401);
      expect(calls).toEqual(['read']);
    });
  });

  describe('with CORS enabled', () => {
    it('a preflight is answered before the guard and calls no handler', async () => {
      const response = await request(cors.getHttpServer())
        .options('/orders')
        .set('Origin', 'https://app.example')
        .set('Access-Control-Request-Method', 'POST')
        .set('Access-Control-Request-Headers', 'authorization');
      expect(response.status).toBe(204);
      expect(response.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(response.headers['access-control-allow-headers']).toBe('authorization');
      expect(response.headers['www-authenticate']).toBeUndefined();
      expect(calls).toEqual([]);
    });

    it('the request after it is refused, readable for the page that sent it', async () => {
      const response = await request(cors.getHttpServer())
        .post('/orders')
        .set('Origin', 'https://app.example');
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toBe(challenge);
      expect(response.headers['access-control-allow-origin']).toBe('https://app.example');
      expect(response.headers['access-control-expose-headers']).toBe('WWW-Authenticate');
      expect(calls).toEqual([]);
    });
  });
});
