import { All, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import {
  AssayGuard,
  AssayModule,
  AssayReport,
  Audience,
  OptionalAuthentication,
  Public,
  RequireAnyScope,
  RequireScope,
} from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { platforms } from './platforms.js';

@Controller('orders')
@RequireScope('orders:read')
class OrdersController {
  @Get()
  list() {
    return {};
  }

  @Post(':id/lines')
  @RequireAnyScope('orders:write', 'admin')
  @Audience('https://api.example')
  add() {
    return {};
  }

  @Get('health')
  @Public()
  health() {
    return {};
  }
}

@Controller(['catalog', '/shop/'])
class CatalogController {
  @All()
  @OptionalAuthentication()
  browse() {
    return {};
  }

  helper() {
    return {};
  }
}

@Controller('partner')
class PartnerController {
  @Get()
  @UseGuards(AssayGuard.for('partner'))
  list() {
    return {};
  }
}

describe.each(platforms)('AssayReport on %s', (_platform, start) => {
  let tokens: TokenBuilder;
  let app: INestApplication | undefined;
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const options = () => ({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: 'https://api.example',
  });
  const imports = () => [
    AssayModule.forRoot(options()),
    AssayModule.forRoot({ ...options(), name: 'partner', guard: 'manual' }),
  ];

  it('lists every route, and how it is protected', async () => {
    app = await start({
      imports: imports(),
      controllers: [OrdersController, CatalogController, PartnerController],
    });
    const browse = {
      method: 'ALL',
      handler: 'CatalogController.browse',
      access: 'optional',
      requirements: [],
      resourceServers: ['default'],
    };
    expect(app.get(AssayReport, { strict: false }).report()).toEqual([
      {
        method: 'GET',
        path: '/orders',
        handler: 'OrdersController.list',
        access: 'protected',
        requirements: ['scope orders:read'],
        resourceServers: ['default'],
      },
      {
        method: 'POST',
        path: '/orders/:id/lines',
        handler: 'OrdersController.add',
        access: 'protected',
        requirements: [
          'audience https://api.example',
          'any scope of orders:write admin',
          'scope orders:read',
        ],
        resourceServers: ['default'],
      },
      {
        method: 'GET',
        path: '/orders/health',
        handler: 'OrdersController.health',
        access: 'public',
        requirements: [],
        resourceServers: [],
      },
      { ...browse, path: '/catalog' },
      { ...browse, path: '/shop' },
      {
        method: 'GET',
        path: '/partner',
        handler: 'PartnerController.list',
        access: 'protected',
        requirements: [],
        resourceServers: ['partner'],
      },
    ]);
  });

  it('tells of routes that a manual guard does not judge', async () => {
    app = await start({
      imports: [AssayModule.forRoot({ ...options(), guard: 'manual' })],
      controllers: [PlainController],
    });
    expect(app.get(AssayReport).report()).toMatchObject([
      { handler: 'PlainController.read', access: 'unguarded', resourceServers: [] },
      { handler: 'PlainController.open', access: 'public', resourceServers: [] },
    ]);
  });

  it('is logged once at start-up, a line for each route', async () => {
    const lines: unknown[] = [];
    const nothing = () => undefined;
    const log = (line: unknown, context?: string) => {
      if (context === 'AssayReport') lines.push(line);
    };
    app = await start(
      { imports: imports(), controllers: [OrdersController] },
      { logger: { log, warn: nothing, error: nothing } },
    );
    expect(lines).toEqual([
      'GET /orders: protected, scope orders:read (OrdersController.list)',
      'POST /orders/:id/lines: protected, audience https://api.example, any scope of orders:write admin, scope orders:read (OrdersController.add)',
      'GET /orders/health: public (OrdersController.health)',
    ]);
  });
});

@Controller('plain')
class PlainController {
  @Get()
  read() {
    return {};
  }

  @Get('open')
  @Public()
  open() {
    return {};
  }
}
