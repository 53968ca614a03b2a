import type { Server } from 'node:http';
import {
  All,
  Controller,
  Get,
  Module,
  Post,
  Sse,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Principal } from '@assay/core';
import {
  AssayReport,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  RequireScope,
  type RouteReport,
} from '@assay/nest';
import { documentAssay } from '@assay/nest/swagger';
import { of } from 'rxjs';
import request from 'supertest';
import { bearer, challenge, startedOnExpress, startedOnFastify, type Configure } from './start.js';

@Controller({ path: 'orders', version: ['1', '2'] })
@RequireScope('orders:read')
class OrdersController {
  @Get()
  list() {
    return { handler: 'OrdersController.list' };
  }

  @Post(':id/lines')
  @RequireScope('orders:write')
  add() {
    return { handler: 'OrdersController.add' };
  }

  @Sse('events')
  events(@CurrentPrincipal() principal: Principal) {
    return of({ data: principal.subject });
  }
}

@Controller({ path: ['health', 'status'], version: VERSION_NEUTRAL })
class HealthController {
  @Get()
  @Public()
  read() {
    return { handler: 'HealthController.read' };
  }

  @All('catalog')
  @OptionalAuthentication()
  browse() {
    return { handler: 'HealthController.browse' };
  }
}

@Controller('rooms')
class RoomsController {
  @Get(':room')
  read() {
    return { handler: 'RoomsController.read' };
  }
}

@Module({ controllers: [RoomsController] })
class RoomsModule {}

const metadata = {
  imports: [RoomsModule, RouterModule.register([{ path: 'house', module: RoomsModule }])],
  controllers: [OrdersController, HealthController],
};

const byUri: Configure = (app) => {
  app.setGlobalPrefix('api', { exclude: ['health', 'house/rooms/:room'] });
  app.enableVersioning({ type: VersioningType.URI });
};
const byHeader: Configure = (app) => {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
};

describe.each([
  ['Express', startedOnExpress],
  ['Fastify', startedOnFastify],
])('Nest 11 on %s', (_platform, start) => {
  let app: INestApplication<Server>;
  afterEach(() => app.close());

  const send = (method: string, path: string, headers: Record<string, string>) =>
    request(app.getHttpServer())[method === 'POST' ? 'post' : 'get'](path.replace(/:\w+/g, '7')).set(headers);
  const handlerThatAnswered = ({ text, body }: request.Response): unknown =>
    text.includes('data: user-1') ? 'OrdersController.events' : body.handler;
  const inWords = ({ method, path, versions = [], access }: RouteReport) =>
    [method, path, ...versions, access].join(' ');

  it.each([
    [
      'path',
      byUri,
      [
        'GET /api/v1/orders protected',
        'GET /api/v2/orders protected',
        'POST /api/v1/orders/:id/lines protected',
        'POST /api/v2/orders/:id/lines protected',
        'GET /api/v1/orders/events protected',
        'GET /api/v2/orders/events protected',
        'GET /health public',
        'GET /api/status public',
        'ALL /api/health/catalog optional',
        'ALL /api/status/catalog optional',
        'GET /house/rooms/:room protected',
      ],
    ],
    [
      'header',
      byHeader,
      [
        'GET /api/orders 1 2 protected',
        'POST /api/orders/:id/lines 1 2 protected',
        'GET /api/orders/events 1 2 protected',
        'GET /api/health public',
        'GET /api/status public',
        'ALL /api/health/catalog optional',
        'ALL /api/status/catalog optional',
        'GET /api/house/rooms/:room protected',
      ],
    ],
  ])('reports routes with versions in the %s as requests find them', async (_case, configure, words) => {
    app = await start(metadata, configure);
    const rows = app.get(AssayReport, { strict: false }).report();
    expect([...rows.map(inWords)].sort()).toEqual([...words].sort());

    const authorization = await bearer({ scope: 'orders:read orders:write' });
    for (const { method, path, handler, access, versions = ['none'] } of rows) {
      for (const version of versions) {
        const headers: Record<string, string> = version === 'none' ? {} : { 'x-version': version };
        const anonymous = await send(method, path, headers);
        expect([path, anonymous.headers['www-authenticate']]).toEqual([
          path,
          access === 'protected' ? challenge : undefined,
        ]);
        const answer = await send(method, path, { ...headers, authorization });
        expect([path, handlerThatAnswered(answer)]).toEqual([path, handler]);
      }
    }
    expect((await send('GET', '/orders', {})).status).toBe(404);
  });

  it('refuses a stream of events before it begins', async () => {
    app = await start(metadata, byUri);
    const anonymous = await send('GET', '/api/v1/orders/events', {});
    expect([anonymous.status, anonymous.headers['content-type']]).toEqual([
      401,
      expect.stringContaining('application/json'),
    ]);
    const authorization = await bearer({ scope: 'orders:write' });
    const short = await send('GET', '/api/v1/orders/events', { authorization });
    expect([short.status, short.body.error]).toEqual([403, 'insufficient_scope']);
    expect(short.headers['www-authenticate']).toContain('scope="orders:read"');
  });

  it('documents operations as they are protected', async () => {
    app = await start(metadata, byUri);
    const document = documentAssay(app, SwaggerModule.createDocument(app, new DocumentBuilder().build()));
    const securityOf = (path: string, method: 'get' | 'post' = 'get') =>
      document.paths[path]?.[method]?.security;
    expect(securityOf('/api/v1/orders')).toEqual([{ accessToken: ['orders:read'] }]);
    expect(securityOf('/api/v2/orders/{id}/lines', 'post')).toEqual([
      { accessToken: ['orders:write', 'orders:read'] },
    ]);
    expect(securityOf('/health')).toEqual([]);
    expect(securityOf('/api/status/catalog', 'post')).toEqual([{}, { accessToken: [] }]);
    expect(securityOf('/house/rooms/{room}')).toEqual([{ accessToken: [] }]);
    expect(document.components?.securitySchemes?.['accessToken']).toMatchObject({ type: 'oauth2' });
  });
});
