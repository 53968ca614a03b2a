// Where the router serves handlers, by what the start-up report says and by what real requests are answered.
import type { Server } from 'node:http';
import {
  All,
  Controller,
  Delete,
  Get,
  Logger,
  Module,
  Post,
  RequestMethod,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  type Type,
  type VersioningOptions,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer, RouterModule } from '@nestjs/core';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AssayModule,
  AssayReport,
  OptionalAuthentication,
  Public,
  RequireScope,
  type RouteReport,
} from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import request from 'supertest';
import { routerPathsOf } from '../src/report/router-paths.js';
import { platforms } from './platforms.js';

@Controller('orders')
@RequireScope('orders:read')
class OrdersController {
  @Get()
  list() {
    return { handler: 'OrdersController.list' };
  }

  @Post([':id/lines', ':id/items/'])
  @RequireScope('orders:write')
  add() {
    return { handler: 'OrdersController.add' };
  }

  @Get('health')
  @Public()
  health() {
    return { handler: 'OrdersController.health' };
  }
}

@Controller(['catalog', '/shop/'])
class CatalogController {
  @All()
  @OptionalAuthentication()
  browse() {
    return { handler: 'CatalogController.browse' };
  }

  @Get('files/*')
  file() {
    return { handler: 'CatalogController.file' };
  }
}

@Controller({ path: 'invoices', version: '1' })
class OldInvoicesController {
  @Get()
  @Public()
  list() {
    return { handler: 'OldInvoicesController.list' };
  }
}

@Controller({ path: 'invoices', version: ['2', '3'] })
@RequireScope('invoices:read')
class InvoicesController {
  @Get()
  list() {
    return { handler: 'InvoicesController.list' };
  }

  @Delete(':id')
  @Version('3')
  remove() {
    return { handler: 'InvoicesController.remove' };
  }
}

@Controller({ path: 'status', version: VERSION_NEUTRAL })
@Public()
class StatusController {
  @Get()
  read() {
    return { handler: 'StatusController.read' };
  }

  @Get('details')
  @Version(['2', VERSION_NEUTRAL])
  details() {
    return { handler: 'StatusController.details' };
  }
}

@Controller({ path: 'tenants', host: 'admin.example' })
@RequireScope('admin')
class AdminController {
  @Get()
  list() {
    return { handler: 'AdminController.list' };
  }
}

@Controller({ path: 'tenants', host: ['shop.example', /^[a-z]+\.shop\.example$/] })
@Public()
class TenantsController {
  @Get()
  list() {
    return { handler: 'TenantsController.list' };
  }
}

@Controller()
class RoomsController {
  @Get()
  list() {
    return { handler: 'RoomsController.list' };
  }

  @Get('open')
  @Public()
  open() {
    return { handler: 'RoomsController.open' };
  }
}

@Module({ controllers: [RoomsController] })
class RoomsModule {}

@Module({ controllers: [RoomsController, OrdersController] })
class FloorsModule {}

const plain = [OrdersController, CatalogController];
const versioned = [OldInvoicesController, InvoicesController, StatusController, OrdersController];

interface Arrangement {
  readonly imports?: NonNullable<Parameters<typeof Module>[0]['imports']>;
  readonly controllers?: Type[];
  readonly configure?: (app: INestApplication) => void;
  /** How requests ask for a version. Default: they do not. */
  readonly asking?: (version: string) => Readonly<Record<string, string>>;
  /** Each row as `GET /orders protected`, with versions and hosts. */
  readonly rows: readonly string[];
  /** What nothing answers, as `GET /orders`. */
  readonly nothing: readonly string[];
}

const versionedBy = (options: VersioningOptions) => (app: INestApplication) => {
  app.enableVersioning(options);
};

const versionedRows = [
  'GET /invoices 1 public',
  'GET /invoices 2 3 protected',
  'DELETE /invoices/:id 3 protected',
  'GET /status public',
  'GET /status/details 2 neutral public',
  'GET /orders protected',
  'POST /orders/:id/lines protected',
  'POST /orders/:id/items protected',
  'GET /orders/health public',
];

const arrangements: readonly (readonly [string, Arrangement])[] = [
  [
    'no prefix and no versions',
    {
      controllers: plain,
      rows: [
        'GET /orders protected',
        'POST /orders/:id/lines protected',
        'POST /orders/:id/items protected',
        'GET /orders/health public',
        'ALL /catalog optional',
        'ALL /shop optional',
        'GET /catalog/files/* protected',
        'GET /shop/files/* protected',
      ],
      nothing: ['GET /', 'GET /api/orders', 'POST /orders', 'GET /shop/catalog'],
    },
  ],
  [
    'a global prefix with exclusions',
    {
      controllers: plain,
      configure: (app) => {
        app.setGlobalPrefix('api', {
          exclude: [
            'orders/health',
            { path: 'orders/:id/lines', method: RequestMethod.POST },
            'catalog/files/*',
          ],
        });
      },
      rows: [
        'GET /api/orders protected',
        'POST /orders/:id/lines protected',
        'POST /api/orders/:id/items protected',
        'GET /orders/health public',
        'ALL /api/catalog optional',
        'ALL /api/shop optional',
        'GET /catalog/files/* protected',
        'GET /api/shop/files/* protected',
      ],
      nothing: ['GET /orders', 'GET /api/orders/health', 'POST /api/orders/7/lines', 'GET /shop'],
    },
  ],
  [
    'paths of modules',
    {
      imports: [
        RoomsModule,
        FloorsModule,
        RouterModule.register([
          {
            path: 'house/:house',
            children: [
              { path: 'rooms', module: RoomsModule },
              { path: '/floors', module: FloorsModule },
            ],
          },
        ]),
      ],
      controllers: [CatalogController],
      rows: [
        'ALL /catalog optional',
        'ALL /shop optional',
        'GET /catalog/files/* protected',
        'GET /shop/files/* protected',
        'GET /house/:house/rooms protected',
        'GET /house/:house/floors protected',
        'GET /house/:house/rooms/open public',
        'GET /house/:house/floors/open public',
        'GET /house/:house/floors/orders protected',
        'POST /house/:house/floors/orders/:id/lines protected',
        'POST /house/:house/floors/orders/:id/items protected',
        'GET /house/:house/floors/orders/health public',
      ],
      nothing: ['GET /open', 'GET /orders', 'GET /house/7', 'GET /rooms', 'GET /house/7/rooms/orders'],
    },
  ],
  [
    'versions in the path',
    {
      controllers: versioned,
      configure: versionedBy({ type: VersioningType.URI }),
      rows: [
        'GET /v1/invoices public',
        'GET /v2/invoices protected',
        'GET /v3/invoices protected',
        'DELETE /v3/invoices/:id protected',
        'GET /status public',
        'GET /v2/status/details public',
        'GET /status/details public',
        'GET /orders protected',
        'POST /orders/:id/lines protected',
        'POST /orders/:id/items protected',
        'GET /orders/health public',
      ],
      nothing: [
        'GET /invoices',
        'GET /v4/invoices',
        'DELETE /v2/invoices/7',
        'GET /v1/status',
        'GET /v1/orders',
      ],
    },
  ],
  [
    'versions in the path, a default version, the prefix and the path of a module',
    {
      imports: [FloorsModule, RouterModule.register([{ path: 'floors', module: FloorsModule }])],
      controllers: [InvoicesController, StatusController],
      configure: (app) => {
        app.setGlobalPrefix('api', { exclude: ['invoices', 'floors/open'] });
        app.enableVersioning({ type: VersioningType.URI, prefix: 'version-', defaultVersion: ['1', '2'] });
      },
      rows: [
        'GET /version-2/invoices protected',
        'GET /version-3/invoices protected',
        'DELETE /api/version-3/invoices/:id protected',
        'GET /api/status public',
        'GET /api/version-2/status/details public',
        'GET /api/status/details public',
        'GET /api/version-1/floors protected',
        'GET /api/version-2/floors protected',
        'GET /version-1/floors/open public',
        'GET /version-2/floors/open public',
        'GET /api/version-1/floors/orders protected',
        'GET /api/version-2/floors/orders protected',
        'POST /api/version-1/floors/orders/:id/lines protected',
        'POST /api/version-2/floors/orders/:id/lines protected',
        'POST /api/version-1/floors/orders/:id/items protected',
        'POST /api/version-2/floors/orders/:id/items protected',
        'GET /api/version-1/floors/orders/health public',
        'GET /api/version-2/floors/orders/health public',
      ],
      nothing: ['GET /api/version-2/invoices', 'GET /api/floors', 'GET /version-1/floors', 'GET /status'],
    },
  ],
  [
    'versions in a header',
    {
      controllers: versioned,
      configure: versionedBy({ type: VersioningType.HEADER, header: 'X-Version' }),
      asking: (version) => ({ 'x-version': version }),
      rows: versionedRows,
      nothing: ['GET /invoices', 'GET /v1/invoices', 'DELETE /invoices/7'],
    },
  ],
  [
    'versions in a header, and a default version',
    {
      controllers: [InvoicesController, OrdersController],
      configure: versionedBy({ type: VersioningType.HEADER, header: 'X-Version', defaultVersion: '1' }),
      asking: (version) => ({ 'x-version': version }),
      rows: [
        'GET /invoices 2 3 protected',
        'DELETE /invoices/:id 3 protected',
        'GET /orders 1 protected',
        'POST /orders/:id/lines 1 protected',
        'POST /orders/:id/items 1 protected',
        'GET /orders/health 1 public',
      ],
      nothing: ['GET /invoices', 'GET /orders', 'GET /orders/health'],
    },
  ],
  [
    'versions in the media type',
    {
      controllers: versioned,
      configure: versionedBy({ type: VersioningType.MEDIA_TYPE, key: 'v=' }),
      asking: (version) => ({ accept: `application/json;v=${version}` }),
      rows: versionedRows,
      nothing: ['GET /invoices', 'GET /v1/invoices', 'DELETE /invoices/7'],
    },
  ],
  [
    'versions that a function extracts',
    {
      controllers: [OldInvoicesController, InvoicesController, OrdersController],
      configure: versionedBy({
        type: VersioningType.CUSTOM,
        extractor: (asked) => (asked as { headers: Record<string, string> }).headers['x-asked'] ?? '',
      }),
      asking: (version) => ({ 'x-asked': version }),
      rows: [
        'GET /invoices 1 public',
        'GET /invoices 2 3 protected',
        'DELETE /invoices/:id 3 protected',
        'GET /orders protected',
        'POST /orders/:id/lines protected',
        'POST /orders/:id/items protected',
        'GET /orders/health public',
      ],
      nothing: ['GET /invoices', 'GET /v1/invoices', 'DELETE /invoices/7'],
    },
  ],
];

const challenge = 'Bearer realm="https://api.example"';
const everyScope = 'orders:read orders:write invoices:read admin';

describe.each(platforms)('the routes that %s serves', (_platform, start) => {
  let tokens: TokenBuilder;
  let app: INestApplication<Server> | undefined;
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const started = async ({ imports = [], controllers = [], configure }: Arrangement) => {
    const assay = AssayModule.forRoot({
      issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
      audience: tokens.audience,
    });
    app = await start(
      { imports: [assay, ...imports], controllers },
      configure === undefined ? {} : { configure },
    );
    return app;
  };
  const rowsOf = () => (app as INestApplication).get(AssayReport, { strict: false }).report();
  const send = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
    request((app as INestApplication<Server>).getHttpServer())
      [method.toLowerCase() as 'get'](path)
      .set(headers);

  /** The requests that a row says are its own: each version that it serves, and GET and another for every method. */
  const requestsOf = ({ method, path, versions }: RouteReport, { asking }: Arrangement) =>
    (method === 'ALL' ? ['GET', 'DELETE'] : [method]).flatMap((each) =>
      (versions ?? ['neutral']).map((version) => ({
        method: each,
        path: path.replace(/:\w+/g, '7').replace('*', 'a/b'),
        headers: version === 'neutral' ? {} : (asking?.(version) ?? {}),
      })),
    );

  describe.each(arrangements)('with %s', (_case, arrangement) => {
    it('are those of the report', async () => {
      await started(arrangement);
      const rows = rowsOf();
      expect(
        rows.map(({ method, path, versions = [], access }) => [method, path, ...versions, access].join(' ')),
      ).toEqual(arrangement.rows);
    });

    it('are answered by the handlers that the report names, and challenged as it says', async () => {
      await started(arrangement);
      const authorization = `Bearer ${tokens.accessToken({ scope: everyScope })}`;
      for (const row of rowsOf()) {
        for (const { method, path, headers } of requestsOf(row, arrangement)) {
          const answer = await send(method, path, { ...headers, authorization });
          expect([method, path, answer.body]).toEqual([method, path, { handler: row.handler }]);
          const anonymous = await send(method, path, headers);
          const closed = row.access === 'protected';
          expect([method, path, anonymous.headers['www-authenticate']]).toEqual([
            method,
            path,
            closed ? challenge : undefined,
          ]);
          expect(anonymous.status).toBe(closed ? 401 : answer.status);
        }
      }
    });

    it('are all that there is', async () => {
      await started(arrangement);
      for (const line of arrangement.nothing) {
        const [method, path] = line.split(' ') as [string, string];
        expect([line, (await send(method, path)).status]).toEqual([line, 404]);
      }
    });

    it('refuse a bad token and a missing scope wherever they are', async () => {
      await started(arrangement);
      for (const row of rowsOf().filter(({ requirements }) => requirements.length > 0)) {
        for (const { method, path, headers } of requestsOf(row, arrangement)) {
          const bad = await send(method, path, { ...headers, authorization: 'Bearer nonsense' });
          expect([path, bad.status, bad.body.error]).toEqual([path, 401, 'invalid_token']);
          const authorization = `Bearer ${tokens.accessToken({ scope: 'none' })}`;
          const short = await send(method, path, { ...headers, authorization });
          expect([path, short.status, short.body.error]).toEqual([path, 403, 'insufficient_scope']);
          expect(short.headers['www-authenticate']).toContain('error="insufficient_scope"');
        }
      }
    });
  });

  it('name the hosts that they are for', async () => {
    await started({ controllers: [AdminController, OrdersController], rows: [], nothing: [] });
    expect(rowsOf().map(({ path, hosts }) => [path, hosts])).toEqual([
      ['/tenants', ['admin.example']],
      ['/orders', undefined],
      ['/orders/:id/lines', undefined],
      ['/orders/:id/items', undefined],
      ['/orders/health', undefined],
    ]);
    const closed = await send('GET', '/tenants', { host: 'admin.example' });
    expect([closed.status, closed.headers['www-authenticate']]).toEqual([401, challenge]);
    expect((await send('GET', '/tenants', { host: 'other.example' })).status).toBe(404);
  });

  it('are logged with versions and hosts', async () => {
    const lines: unknown[] = [];
    const nothing = () => undefined;
    const log = (line: unknown, context?: string) => {
      if (context === 'AssayReport') lines.push(line);
    };
    const assay = AssayModule.forRoot({ issuer: 'https://as.example', audience: tokens.audience });
    app = await start(
      { imports: [assay], controllers: [InvoicesController, TenantsController] },
      {
        logger: { log, warn: nothing, error: nothing },
        configure: (starting) => {
          starting.setGlobalPrefix('api');
          versionedBy({ type: VersioningType.HEADER, header: 'X-Version' })(starting);
        },
      },
    );
    expect(lines).toEqual([
      'GET /api/invoices; version 2, 3: protected, scope invoices:read (InvoicesController.list)',
      'DELETE /api/invoices/:id; version 3: protected, scope invoices:read (InvoicesController.remove)',
      'GET /api/tenants; host shop.example, /^[a-z]+\\.shop\\.example$/: public (TenantsController.list)',
    ]);
  });
});

describe('routes of one path and several hosts', () => {
  const [, startExpress] = platforms[0];

  it('are protected each as its own controller says', async () => {
    const tokens = await createTokenBuilder();
    const issuer = [{ issuer: tokens.issuer, keys: tokens.jwks }];
    const app: INestApplication<Server> = await startExpress({
      imports: [AssayModule.forRoot({ issuer, audience: tokens.audience })],
      controllers: [AdminController, TenantsController],
    });
    const get = (host: string) => request(app.getHttpServer()).get('/tenants').set({ host });
    const admin = await get('admin.example');
    expect([admin.status, admin.headers['www-authenticate']]).toEqual([401, challenge]);
    expect((await get('shop.example')).body).toEqual({ handler: 'TenantsController.list' });
    expect((await get('red.shop.example')).body).toEqual({ handler: 'TenantsController.list' });
    expect((await get('other.example')).status).toBe(404);
    await app.close();
  });
});

describe('routerPathsOf', () => {
  it('gives paths as they are declared, and says so, where Nest does not tell', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const config = new ApplicationConfig();
    config.setGlobalPrefix('api');
    const paths = await routerPathsOf(config, new ModulesContainer(), () =>
      Promise.reject(new Error('moved')),
    );
    const route = {
      ...{
        module: RoomsModule,
        controller: OrdersController,
        controllerPath: 'orders',
        handlerPath: '/:id/',
      },
      ...{ handler: () => undefined, requestMethod: RequestMethod.GET },
    };
    expect(paths.pathsOf(route)).toEqual(['/orders/:id']);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('paths are reported as declared')]]);
    warn.mockRestore();
  });
});
