import type { Server } from 'node:http';
import { Controller, Get, Sse, type INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '@assay/core';
import { AssayModule, CurrentPrincipal, RequireScope } from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { of, type Observable } from 'rxjs';
import request from 'supertest';
import { platforms } from './platforms.js';

let called: string[] = [];

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    called.push('list');
    return {};
  }

  @Sse('events')
  @RequireScope('orders:read')
  events(@CurrentPrincipal() principal: Principal): Observable<{ data: string }> {
    called.push('events');
    return of({ data: principal.subject });
  }
}

describe.each(platforms)('routes and streams of events on %s', (_platform, start) => {
  let tokens: TokenBuilder;
  let app: INestApplication<Server>;
  beforeEach(async () => {
    called = [];
    tokens = await createTokenBuilder();
    const issuer = [{ issuer: tokens.issuer, keys: tokens.jwks }];
    app = await start({
      imports: [AssayModule.forRoot({ issuer, audience: tokens.audience })],
      controllers: [OrdersController],
    });
  });
  afterEach(() => app.close());

  const get = (path: string, authorization: string | undefined) => {
    const sent = request(app.getHttpServer()).get(path);
    return authorization === undefined ? sent : sent.set('Authorization', authorization);
  };

  const refusals: readonly [string, string, () => string | undefined, number, string | undefined][] = [
    ['a route without a token', '/orders', () => undefined, 401, undefined],
    [
      'a route with an expired token',
      '/orders',
      () => `Bearer ${tokens.accessToken({ exp: 1 })}`,
      401,
      'invalid_token',
    ],
    ['a stream of events without a token', '/orders/events', () => undefined, 401, undefined],
    [
      'a stream of events with an expired token',
      '/orders/events',
      () => `Bearer ${tokens.accessToken({ exp: 1 })}`,
      401,
      'invalid_token',
    ],
    [
      'a stream of events without the scope',
      '/orders/events',
      () => `Bearer ${tokens.accessToken()}`,
      403,
      'insufficient_scope',
    ],
  ];

  it.each(refusals)(
    '[attack-31-unprotected-context] refuses %s before it begins',
    async (_case, path, authorization, status, error) => {
      const response = await get(path, authorization());
      expect(response.status).toBe(status);
      expect(response.body.error).toBe(error);
      expect(response.headers['www-authenticate']).toContain('Bearer realm="https://api.example"');
      expect(response.headers['content-type']).toContain('application/json');
      expect(called).toEqual([]);
    },
  );

  it('sends events to who may have them', async () => {
    const response = await get('/orders/events', `Bearer ${tokens.accessToken({ scope: 'orders:read' })}`);
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toContain('text/event-stream');
    expect(response.text).toContain('data: user-1');
  });
});
