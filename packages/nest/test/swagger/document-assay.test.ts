import type { Server } from 'node:http';
import {
  All,
  Controller,
  Delete,
  Get,
  Logger,
  Module,
  Post,
  Put,
  Sse,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiUnauthorizedResponse,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
} from '@nestjs/swagger';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SetupError } from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  Audience,
  OptionalAuthentication,
  Public,
  RequireAnyScope,
  RequireClaim,
  RequireScope,
  RequireSubjectKind,
  type AssayModuleExtras,
} from '@assay/nest';
import { documentAssay } from '@assay/nest/swagger';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { of } from 'rxjs';
import request from 'supertest';
import { platforms } from '../platforms.js';

@Controller('orders')
@RequireScope('orders:read')
class OrdersController {
  @Get()
  list() {
    return {};
  }

  @Post()
  @RequireScope('orders:write')
  create() {
    return {};
  }

  @Put(':id')
  @RequireAnyScope('orders:write', 'admin')
  @RequireAnyScope('eu', 'us')
  replace() {
    return {};
  }

  @Get('health')
  @Public()
  health() {
    return {};
  }

  @Sse(':id/events')
  events() {
    return of({ data: 'shipped' });
  }
}

@Controller(['catalog', '/shop/'])
@OptionalAuthentication()
class CatalogController {
  @All()
  browse() {
    return {};
  }

  @Get('tips/:topic')
  @Audience('https://api.example')
  tips() {
    return {};
  }

  @Get('files/*')
  @RequireScope('files')
  file() {
    return {};
  }
}

@Controller('secret')
@RequireScope(['cabal'], { disclosed: false })
class SecretController {
  @Get()
  @RequireScope('secret:read')
  @RequireAnyScope(['conclave', 'lodge'], { disclosed: false })
  read() {
    return {};
  }

  @Delete()
  @RequireClaim('department', 'skulduggery')
  @RequireSubjectKind('client')
  burn() {
    return {};
  }
}

@Controller('reports')
class ReportsController {
  @Get()
  list() {
    return {};
  }

  @Get('narrow')
  @Audience('https://api.example')
  narrow() {
    return {};
  }
}

@Controller({ path: 'invoices', version: ['1', '2'] })
@RequireScope('invoices:read')
class InvoicesController {
  @Get(':id')
  read() {
    return {};
  }

  @Get(':id')
  @Version('3')
  @RequireScope('invoices:new')
  readNew() {
    return {};
  }
}

@Controller({ path: 'invoices', version: '4' })
@Public()
class OpenInvoicesController {
  @Get(':number')
  read() {
    return {};
  }
}

@Controller({ path: 'status', version: VERSION_NEUTRAL })
@Public()
class StatusController {
  @Get()
  read() {
    return {};
  }
}

@Controller()
@RequireScope('rooms')
class RoomsController {
  @Get(':room')
  read() {
    return {};
  }
}

@Module({ controllers: [RoomsController] })
class RoomsModule {}

@Controller('partner')
@UseGuards(AssayGuard.for('partner'))
class PartnerController {
  @Get()
  @RequireScope('partner:read')
  list() {
    return {};
  }
}

@Controller('plain')
class PlainController {
  @Get()
  @ApiBearerAuth('other')
  read() {
    return {};
  }

  @Get('guarded')
  @UseGuards(AssayGuard)
  @ApiBearerAuth('other')
  guarded() {
    return {};
  }

  @Get('open')
  @Public()
  @ApiBearerAuth('other')
  open() {
    return {};
  }
}

@Controller('described')
class DescribedController {
  @Get()
  @ApiUnauthorizedResponse({
    description: 'Ask the desk for a token.',
    headers: { 'X-Desk': { schema: { type: 'string' } } },
  })
  @ApiForbiddenResponse()
  @RequireScope('described')
  read() {
    return {};
  }
}

type Operations = Readonly<Record<string, Readonly<Record<string, Operation>>>>;
interface Operation {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, { description: string; headers?: Record<string, unknown> }>>;
}

/** `get /orders` and its like, with what the document says of them. */
const securityByOperation = (document: OpenAPIObject) =>
  Object.fromEntries(
    Object.entries(document.paths as unknown as Operations).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { security }]) => [`${method} ${path}`, security]),
    ),
  );

const operationOf = (document: OpenAPIObject, method: string, path: string): Operation => {
  const operation = (document.paths as unknown as Operations)[path]?.[method];
  if (operation === undefined) throw new Error(`the document has no ${method} ${path}`);
  return operation;
};

const token = (...scopes: string[]) => ({ accessToken: scopes });

interface Setting extends AssayModuleExtras {
  readonly controllers?: Type[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly configure?: (app: INestApplication) => void;
  readonly document?: (builder: DocumentBuilder) => DocumentBuilder;
  readonly documentOptions?: SwaggerDocumentOptions;
}

describe.each(platforms)('documentAssay on %s', (_platform, start) => {
  let tokens: TokenBuilder;
  let app: INestApplication<Server> | undefined;
  let warnings: unknown[];
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });
  beforeEach(() => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      warnings.push(message);
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app?.close();
    app = undefined;
  });

  const options = () => ({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: tokens.audience,
  });

  const started = async ({ controllers = [], imports = [], configure, guard, ...setting }: Setting) => {
    const assay = AssayModule.forRoot({ ...options(), ...(guard === undefined ? {} : { guard }) });
    app = await start(
      { imports: [assay, ...imports], controllers },
      configure === undefined ? {} : { configure },
    );
    return { app, document: created(app, setting) };
  };
  const created = (application: INestApplication, { document, documentOptions }: Setting) => {
    const builder = new DocumentBuilder().setTitle('Shop');
    return SwaggerModule.createDocument(
      application,
      (document?.(builder) ?? builder).build(),
      documentOptions,
    );
  };
  const documented = async (setting: Setting) => {
    const { app: application, document } = await started(setting);
    return documentAssay(application, document);
  };

  it('says of every operation which scopes it needs, and that a public one needs nothing', async () => {
    const document = await documented({ controllers: [OrdersController, ReportsController] });
    expect(securityByOperation(document)).toEqual({
      'get /orders': [token('orders:read')],
      'post /orders': [token('orders:write', 'orders:read')],
      'put /orders/{id}': [
        token('orders:write', 'eu', 'orders:read'),
        token('orders:write', 'us', 'orders:read'),
        token('admin', 'eu', 'orders:read'),
        token('admin', 'us', 'orders:read'),
      ],
      'get /orders/health': [],
      'get /orders/{id}/events': [token('orders:read')],
      'get /reports': [token()],
      'get /reports/narrow': [token()],
    });
    expect(warnings).toEqual([]);
  });

  it('offers anonymous access where authentication is optional, and every method where a handler has all', async () => {
    const { documentation, others } = split(await documented({ controllers: [CatalogController] }));
    expect(others).toEqual({
      'get /catalog/tips/{topic}': [{}, token()],
      'get /shop/tips/{topic}': [{}, token()],
      'get /catalog/files/{path}': [token('files')],
      'get /shop/files/{path}': [token('files')],
    });
    expect(Object.keys(documentation).length).toBeGreaterThanOrEqual(2 * 7);
    expect(new Set(Object.values(documentation).map((security) => JSON.stringify(security)))).toEqual(
      new Set([JSON.stringify([{}, token()])]),
    );
  });
  /** The operations of the handler of every method, and the others. */
  const split = (document: OpenAPIObject) => {
    const entries = Object.entries(securityByOperation(document));
    const isOfAll = ([name]: [string, unknown]) => /^\w+ \/(catalog|shop)$/.test(name);
    return {
      documentation: Object.fromEntries(entries.filter(isOfAll)),
      others: Object.fromEntries(entries.filter((entry) => !isOfAll(entry))),
    };
  };

  it('tells nothing of scopes that are not disclosed, nor of any other demand', async () => {
    const document = await documented({ controllers: [SecretController] });
    expect(securityByOperation(document)).toEqual({
      'get /secret': [token('secret:read')],
      'delete /secret': [token()],
    });
    expect(operationOf(document, 'delete', '/secret').responses['403']?.description).toBe(
      'The access token does not permit this.',
    );
    expect(JSON.stringify(document)).not.toMatch(/cabal|conclave|lodge|department|skulduggery|client/);
  });

  it('names the refusals with their headers', async () => {
    const document = await documented({
      controllers: [OrdersController, CatalogController, ReportsController],
    });
    const challenge = {
      'WWW-Authenticate': expect.objectContaining({ required: true, schema: { type: 'string' } }),
    };
    const unavailable = {
      description: 'The access token cannot be judged at the moment.',
      headers: { 'Retry-After': expect.objectContaining({ schema: { type: 'integer' } }) },
    };
    expect(operationOf(document, 'put', '/orders/{id}').responses).toMatchObject({
      '401': { description: 'There is no access token, or it is not accepted.', headers: challenge },
      '403': {
        description:
          'The access token does not permit this. Needed scopes: orders:write eu orders:read, or orders:write us orders:read, or admin eu orders:read, or admin us orders:read.',
        headers: challenge,
      },
      '503': unavailable,
    });
    const optional = operationOf(document, 'get', '/shop/tips/{topic}').responses;
    expect(optional).toMatchObject({
      '401': { description: 'The access token is not accepted.', headers: challenge },
      '503': unavailable,
    });
    expect(Object.keys(optional)).toEqual(['200', '401', '503']);
    expect(Object.keys(operationOf(document, 'get', '/reports/narrow').responses)).toEqual([
      '200',
      '401',
      '503',
    ]);
    expect(Object.keys(operationOf(document, 'get', '/orders/health').responses)).toEqual(['200']);
  });

  it('keeps what the author says of the refusals, and adds the headers', async () => {
    const document = await documented({ controllers: [DescribedController] });
    const { responses } = operationOf(document, 'get', '/described');
    expect(responses['401']?.description).toBe('Ask the desk for a token.');
    expect(Object.keys(responses['401']?.headers ?? {})).toEqual(['WWW-Authenticate', 'X-Desk']);
    expect(responses['403']).toEqual({
      description: 'The access token does not permit this. Needed scopes: described.',
      headers: { 'WWW-Authenticate': expect.anything() },
    });
  });

  it('leaves a refusal alone that the document describes elsewhere', async () => {
    const { app: application, document } = await started({ controllers: [ReportsController] });
    const { responses } = operationOf(document, 'get', '/reports') as { responses: Record<string, object> };
    responses['401'] = { $ref: '#/components/responses/Unauthorized' };
    documentAssay(application, document);
    expect(responses['401']).toEqual({ $ref: '#/components/responses/Unauthorized' });
  });

  describe('the security scheme', () => {
    it('is OAuth 2.0 without a flow, because a resource server does not know how tokens are got', async () => {
      const document = await documented({ controllers: [OrdersController] });
      expect(document.components?.securitySchemes).toEqual({
        accessToken: {
          type: 'oauth2',
          description: 'An access token of OAuth 2.0.',
          flows: {},
        },
      });
    });

    it('is that of the document, where it declares one of the name', async () => {
      const flows = {
        clientCredentials: { tokenUrl: 'https://as.example/token', scopes: { 'orders:read': '' } },
      };
      const document = await documented({
        controllers: [OrdersController],
        document: (builder) => builder.addOAuth2({ type: 'oauth2', flows }, 'accessToken').addApiKey(),
      });
      expect(document.components?.securitySchemes).toMatchObject({
        accessToken: { type: 'oauth2', flows },
        api_key: { type: 'apiKey' },
      });
      expect(operationOf(document, 'get', '/orders').security).toEqual([token('orders:read')]);
    });

    it.each([
      ['no scopes in OpenAPI 3.0', '3.0.3', [token()]],
      ['scopes as roles in OpenAPI 3.1', '3.1.0', [token('orders:read')]],
    ])('that is HTTP Bearer has %s', async (_case, version, security) => {
      const document = await documented({
        controllers: [OrdersController],
        document: (builder) => builder.setOpenAPIVersion(version).addBearerAuth(undefined, 'accessToken'),
      });
      expect(operationOf(document, 'get', '/orders').security).toEqual(security);
      expect(operationOf(document, 'get', '/orders').responses['403']?.description).toContain('orders:read');
    });

    it('is not declared where every operation is public', async () => {
      const document = await documented({ controllers: [StatusController] });
      expect(securityByOperation(document)).toEqual({ 'get /status': [] });
      expect(document.components?.securitySchemes).toBeUndefined();
    });

    it('is one for each resource server', async () => {
      const partner = AssayModule.forRoot({ ...options(), name: 'partner', guard: 'manual' });
      const document = await documented({
        imports: [partner],
        controllers: [PartnerController, ReportsController],
      });
      expect(securityByOperation(document)).toEqual({
        'get /partner': [{ 'accessToken.partner': ['partner:read'] }],
        'get /reports': [token()],
        'get /reports/narrow': [token()],
      });
      expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual([
        'accessToken.partner',
        'accessToken',
      ]);
    });

    it('cannot be the same for two resource servers', async () => {
      @Controller('one')
      @UseGuards(AssayGuard.for('a/b'))
      class One {
        @Get()
        read() {
          return {};
        }
      }
      @Controller('two')
      @UseGuards(AssayGuard.for('a b'))
      class Two {
        @Get()
        read() {
          return {};
        }
      }
      const imports = ['a/b', 'a b'].map((name) =>
        AssayModule.forRoot({ ...options(), name, guard: 'manual' }),
      );
      const { app: application, document } = await started({ imports, controllers: [One, Two] });
      const documenting = () => documentAssay(application, document);
      expect(documenting).toThrow(SetupError);
      expect(documenting).toThrow('security scheme accessToken.a_b');
    });
  });

  describe('finds the operations', () => {
    it('under a global prefix with exclusions, and the paths of modules', async () => {
      const document = await documented({
        imports: [RoomsModule, RouterModule.register([{ path: 'house/:house', module: RoomsModule }])],
        controllers: [OrdersController],
        configure: (starting) => {
          starting.setGlobalPrefix('api', { exclude: ['orders/health'] });
        },
      });
      expect(securityByOperation(document)).toMatchObject({
        'get /api/orders': [token('orders:read')],
        'get /orders/health': [],
        'get /api/house/{house}/{room}': [token('rooms')],
      });
      expect(warnings).toEqual([]);
    });

    it('of a document that leaves the global prefix out', async () => {
      // Of its two readings only one serves both operations.
      @Controller('api/orders')
      @RequireScope('inner')
      class InnerController {
        @Get()
        list() {
          return {};
        }
      }
      const document = await documented({
        controllers: [OrdersController, InnerController],
        configure: (starting) => {
          starting.setGlobalPrefix('api');
        },
        documentOptions: { ignoreGlobalPrefix: true },
      });
      expect(securityByOperation(document)).toMatchObject({
        'get /orders': [token('orders:read')],
        'get /api/orders': [token('inner')],
      });
      expect(warnings).toEqual([]);
    });

    it('of versions in the path', async () => {
      const document = await documented({
        controllers: [InvoicesController, OpenInvoicesController, StatusController],
        configure: (starting) => {
          starting.enableVersioning({ type: VersioningType.URI });
        },
      });
      expect(securityByOperation(document)).toEqual({
        'get /v1/invoices/{id}': [token('invoices:read')],
        'get /v2/invoices/{id}': [token('invoices:read')],
        'get /v3/invoices/{id}': [token('invoices:new', 'invoices:read')],
        'get /v4/invoices/{number}': [],
        'get /status': [],
      });
    });

    it('of versions in a header, with the ways into each version', async () => {
      const document = await documented({
        controllers: [InvoicesController],
        configure: (starting) => {
          starting.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
        },
      });
      expect(securityByOperation(document)).toEqual({
        'get /invoices/{id}': [token('invoices:read'), token('invoices:new', 'invoices:read')],
      });
    });

    it('of versions in a header, of which one is public', async () => {
      @Controller({ path: 'invoices', version: '5' })
      @Public()
      class PublicInvoicesController {
        @Get(':id')
        read() {
          return {};
        }
      }
      const document = await documented({
        controllers: [InvoicesController, PublicInvoicesController],
        configure: (starting) => {
          starting.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' });
        },
      });
      const operation = operationOf(document, 'get', '/invoices/{id}');
      expect(operation.security).toEqual([
        {},
        token('invoices:read'),
        token('invoices:new', 'invoices:read'),
      ]);
      expect(operation.responses['401']?.description).toBe('The access token is not accepted.');
    });

    it('before the application has started', async () => {
      let document: OpenAPIObject | undefined;
      await started({
        controllers: [OrdersController],
        configure: (starting) => {
          starting.setGlobalPrefix('api');
          document = documentAssay(starting, created(starting, {}));
        },
      });
      expect(document).toBeDefined();
      expect(securityByOperation(document as OpenAPIObject)['get /api/orders']).toEqual([
        token('orders:read'),
      ]);
    });

    it('and warns of those that no handler serves', async () => {
      const { app: application, document } = await started({ controllers: [ReportsController] });
      document.paths['/by-hand'] = { get: { responses: {} } };
      documentAssay(application, document);
      expect(warnings).toEqual(['GET /by-hand: no handler serves it, so its protection is not described.']);
      expect(document.paths['/by-hand']).toEqual({ get: { responses: {} } });
    });
  });

  it('leaves alone what no guard judges, and replaces what is said of the rest', async () => {
    const document = await documented({ controllers: [PlainController], guard: 'manual' });
    expect(securityByOperation(document)).toEqual({
      'get /plain': [{ other: [] }],
      'get /plain/guarded': [token()],
      'get /plain/open': [],
    });
    expect(Object.keys(operationOf(document, 'get', '/plain').responses)).toEqual(['200']);
  });

  it('changes nothing when it is called again', async () => {
    const { app: application, document } = await started({
      controllers: [OrdersController, DescribedController],
    });
    const first = structuredClone(documentAssay(application, document));
    expect(documentAssay(application, document)).toEqual(first);
    expect(documentAssay(application, document)).toBe(document);
  });

  it('refuses an application without the module', async () => {
    app = await start({ controllers: [StatusController] });
    const document = created(app, {});
    const documenting = () => documentAssay(app as INestApplication, document);
    expect(documenting).toThrow(SetupError);
    expect(documenting).toThrow('documentAssay: the application has no AssayModule');
  });

  it('says what is true: each way that it names lets a request in, and less does not', async () => {
    const document = await documented({
      controllers: [OrdersController, CatalogController, ReportsController, DescribedController],
      configure: (starting) => {
        starting.setGlobalPrefix('api', { exclude: ['shop/files/*'] });
      },
    });
    const server = (app as INestApplication<Server>).getHttpServer();
    const send = (method: string, path: string, scopes?: readonly string[]) => {
      const url = path.replace(/\{\w+\}/g, '7');
      const sent = request(server)[method as 'get'](url);
      if (scopes === undefined) return sent;
      return sent.set('authorization', `Bearer ${tokens.accessToken({ scope: scopes.join(' ') || 'none' })}`);
    };
    const operations = Object.entries(securityByOperation(document)).filter(
      // Clients of the tests do not know these methods.
      ([name]) => !/^(search|query) /.test(name),
    );
    expect(operations.length).toBeGreaterThan(20);
    for (const [name, security = []] of operations) {
      const [method, path] = name.split(' ') as [string, string];
      const isOpen = security.length === 0 || security.some((way) => Object.keys(way).length === 0);
      const anonymous = await send(method, path);
      expect([name, anonymous.status]).toEqual([name, isOpen ? anonymous.status : 401]);
      expect([200, 201, 401]).toContain(anonymous.status);
      for (const { accessToken: scopes } of security) {
        if (scopes === undefined) continue;
        expect([name, [200, 201]]).toEqual([
          name,
          expect.arrayContaining([(await send(method, path, scopes)).status]),
        ]);
        for (const missing of scopes) {
          const less = await send(
            method,
            path,
            scopes.filter((scope) => scope !== missing),
          );
          expect([name, missing, less.status]).toEqual([name, missing, 403]);
          expect(Object.keys(operationOf(document, method, path).responses)).toContain('403');
          expect(less.headers['www-authenticate']).toContain('error="insufficient_scope"');
        }
      }
    }
  });
});

describe('a document that SwaggerModule serves', () => {
  const [, startExpress] = platforms[0];

  it('has what documentAssay says, and is itself open, because no handler serves it', async () => {
    const tokens = await createTokenBuilder();
    const issuer = [{ issuer: tokens.issuer, keys: tokens.jwks }];
    const app: INestApplication<Server> = await startExpress(
      {
        imports: [AssayModule.forRoot({ issuer, audience: tokens.audience })],
        controllers: [OrdersController],
      },
      {
        configure: (starting) => {
          const document = () =>
            documentAssay(starting, SwaggerModule.createDocument(starting, new DocumentBuilder().build()));
          SwaggerModule.setup('docs', starting, document, { ui: false, raw: ['json'] });
        },
      },
    );
    const answer = await request(app.getHttpServer()).get('/docs-json').expect(200);
    expect(answer.body.paths['/orders'].get.security).toEqual([token('orders:read')]);
    await request(app.getHttpServer()).get('/orders').expect(401);
    await app.close();
  });
});

describe('two handlers of one path', () => {
  const [, startExpress] = platforms[0];

  @Controller('offers')
  @Public()
  class OpenOffersController {
    @All()
    browse() {
      return {};
    }
  }

  @Controller('offers')
  @RequireScope('offers:read')
  class OffersController {
    @Get()
    list() {
      return {};
    }

    @Post()
    create() {
      return {};
    }
  }

  it.each([
    ['a public one', [OpenOffersController, OffersController], [], 200],
    ['a protected one', [OffersController, OpenOffersController], [token('offers:read')], 401],
  ])(
    'are documented as the first, which alone is reached: %s',
    async (_case, controllers, security, status) => {
      const tokens = await createTokenBuilder();
      const issuer = [{ issuer: tokens.issuer, keys: tokens.jwks }];
      const app: INestApplication<Server> = await startExpress({
        imports: [AssayModule.forRoot({ issuer, audience: tokens.audience })],
        controllers,
      });
      const document = documentAssay(app, SwaggerModule.createDocument(app, new DocumentBuilder().build()));
      expect(operationOf(document, 'get', '/offers').security).toEqual(security);
      expect(operationOf(document, 'put', '/offers').security).toEqual([]);
      expect((await request(app.getHttpServer()).get('/offers')).status).toBe(status);
      await app.close();
    },
  );
});
