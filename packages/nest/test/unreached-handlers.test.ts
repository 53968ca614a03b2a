// Handlers that the guard would not reach: each kind is found at bootstrap, or told of.
import type { Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  Injectable,
  Module,
  RequestMethod,
  Scope,
  Sse,
  UseGuards,
  type INestApplication,
  type LoggerService,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Field, GraphQLModule, ID, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  EventPattern,
  GrpcMethod,
  GrpcStreamCall,
  GrpcStreamMethod,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AssayGuard,
  AssayModule,
  AssayReport,
  OptionalAuthentication,
  Public,
  RequireScope,
  type AssayModuleExtras,
} from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { of } from 'rxjs';
import request from 'supertest';
import { platforms, type StartOptions } from './platforms.js';

let tokens: TokenBuilder;
let app: INestApplication<Server> | undefined;
beforeAll(async () => {
  tokens = await createTokenBuilder();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const assay = (extras: AssayModuleExtras = {}) =>
  AssayModule.forRoot({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: tokens.audience,
    ...extras,
  });

const [, startExpress] = platforms[0];
const startedOn = async (
  start: typeof startExpress,
  { imports = [], ...metadata }: ModuleMetadata,
  { guard, ...options }: StartOptions & AssayModuleExtras = {},
) => {
  app = await start(
    { imports: [assay(guard === undefined ? {} : { guard }), ...imports], ...metadata },
    options,
  );
  return app;
};

const setupErrorOf = (option: string, remedy: string) => ({
  name: 'SetupError',
  option,
  remedy: expect.stringContaining(remedy),
});

@ObjectType()
class Order {
  @Field(() => ID)
  id = '1';
}

@Resolver(() => Order)
class OrderQueries {
  @Query(() => Order)
  @Public()
  order() {
    return { id: '1' };
  }
}

@Resolver(() => Order)
class RequiringField {
  @ResolveField(() => String)
  @RequireScope('orders:lines')
  lines() {
    return 'one';
  }
}

@Resolver(() => Order)
class FieldForSome {
  @ResolveField('lines', () => String)
  @OptionalAuthentication()
  linesOf() {
    return 'one';
  }
}

@Resolver(() => Order)
class GuardedField {
  @ResolveField(() => String)
  @UseGuards(AssayGuard)
  lines() {
    return 'one';
  }
}

@Injectable({ scope: Scope.REQUEST })
@Resolver(() => Order)
class FieldOfEachRequest {
  @ResolveField(() => String)
  @RequireScope('orders:lines')
  lines() {
    return 'one';
  }
}

class FieldsBase {
  @ResolveField(() => String)
  @RequireScope('orders:lines')
  lines() {
    return 'one';
  }
}

@Resolver(() => Order)
class InheritedField extends FieldsBase {}

describe('fields of a GraphQL schema that is made from code', () => {
  const graphql = (enhancers: Pick<ApolloDriverConfig, 'fieldResolverEnhancers'> = {}) =>
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, ...enhancers });

  it.each([
    [RequiringField, 'RequiringField.lines'],
    [GuardedField, 'GuardedField.lines'],
    [FieldOfEachRequest, 'FieldOfEachRequest.lines'],
    [InheritedField, 'InheritedField.lines'],
    [FieldForSome, 'FieldForSome.linesOf'],
  ])('of %p end the start where guards do not see them', async (resolver, option) => {
    const starting = startedOn(startExpress, { imports: [graphql()], providers: [OrderQueries, resolver] });
    await expect(starting).rejects.toMatchObject(setupErrorOf(option, "fieldResolverEnhancers: ['guards']"));
  });

  it('end the start where one schema of two has guards for fields', async () => {
    @Module({ providers: [OrderQueries, RequiringField] })
    class OrdersModule {}
    const schemas = [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        ...{ driver: ApolloDriver, autoSchemaFile: true, path: '/guarded', include: [OrdersModule] },
        fieldResolverEnhancers: ['guards'],
      }),
      GraphQLModule.forRoot<ApolloDriverConfig>({
        ...{ driver: ApolloDriver, autoSchemaFile: true, path: '/plain', include: [OrdersModule] },
      }),
    ];
    await expect(startedOn(startExpress, { imports: [OrdersModule, ...schemas] })).rejects.toMatchObject(
      setupErrorOf('RequiringField.lines', "fieldResolverEnhancers: ['guards']"),
    );
  });

  it('are refused to who may not have them, where guards see them', async () => {
    const started = await startedOn(startExpress, {
      imports: [graphql({ fieldResolverEnhancers: ['guards'] })],
      providers: [OrderQueries, RequiringField],
    });
    const ask = (scope?: string) => {
      const sent = request(started.getHttpServer())
        .post('/graphql')
        .send({ query: '{ order { id lines } }' });
      return scope === undefined
        ? sent
        : sent.set('authorization', `Bearer ${tokens.accessToken({ scope })}`);
    };
    const anonymous = await ask();
    expect(anonymous.body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(anonymous.headers['www-authenticate']).toBe('Bearer realm="https://api.example"');
    expect((await ask('orders:read')).body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect((await ask('orders:lines')).body.data).toEqual({ order: { id: '1', lines: 'one' } });
  });
});

@Controller()
class OrderEvents {
  @EventPattern('orders.shipped')
  shipped(_order: unknown) {
    return undefined;
  }
}

@Controller()
class PublicEvents {
  @EventPattern('orders.shipped')
  @Public()
  shipped(_order: unknown) {
    return undefined;
  }
}

class MessagesBase {
  @MessagePattern(['orders.list', 'orders.all'])
  list() {
    return [];
  }
}

@Controller()
class InheritedMessages extends MessagesBase {}

@Controller({ scope: Scope.REQUEST })
class MessagesOfEachRequest extends MessagesBase {}

@Controller()
class GuardedMethodBesideAnother extends MessagesBase {
  @EventPattern('orders.paid')
  @UseGuards(AssayGuard)
  paid(_order: unknown) {
    return undefined;
  }
}

@Controller()
class GrpcOrders {
  @GrpcMethod('Orders', 'Find')
  find() {
    return {};
  }
}

@Controller()
class GrpcStreams {
  @GrpcStreamMethod('Orders', 'Watch')
  watch(_orders: unknown) {
    return of({});
  }
}

@Controller()
class GrpcCalls {
  @GrpcStreamCall('Orders', 'Call')
  call() {
    return undefined;
  }
}

describe('handlers of a microservice in a hybrid application', () => {
  const freePort = async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  };
  const hybrid = async (controller: Type, hybridOptions?: { readonly inheritAppConfig: boolean }) => {
    const port = await freePort();
    return startedOn(
      startExpress,
      { controllers: [controller] },
      {
        configure: (starting) => {
          starting.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options: { host: '127.0.0.1', port } },
            hybridOptions,
          );
        },
      },
    );
  };

  it.each([
    [OrderEvents, 'OrderEvents.shipped'],
    [InheritedMessages, 'InheritedMessages.list'],
    [MessagesOfEachRequest, 'MessagesOfEachRequest.list'],
    [GuardedMethodBesideAnother, 'GuardedMethodBesideAnother.list'],
    [GrpcOrders, 'GrpcOrders.find'],
    [GrpcStreams, 'GrpcStreams.watch'],
    [GrpcCalls, 'GrpcCalls.call'],
  ])('of %p end the start without inheritAppConfig', async (controller, option) => {
    const remedy = `@UseGuards(AssayGuard) on ${controller.name}`;
    for (const hybridOptions of [undefined, { inheritAppConfig: false }]) {
      await expect(hybrid(controller, hybridOptions)).rejects.toMatchObject({
        ...setupErrorOf(option, remedy),
        message: expect.stringContaining('inheritAppConfig: true'),
      });
    }
  });

  it.each([[OrderEvents], [InheritedMessages], [GrpcOrders]])(
    'of %p do not where the configuration is inherited',
    async (controller) => {
      const started = await hybrid(controller, { inheritAppConfig: true });
      const rows = started.get(AssayReport).report();
      expect(rows.map(({ access }) => access)).toContain('protected');
      expect(rows.filter(({ resourceServers }) => resourceServers.length === 0)).toEqual([]);
    },
  );

  it('that are public do not', async () => {
    const started = await hybrid(PublicEvents);
    expect(started.get(AssayReport).report()).toMatchObject([{ method: 'EVENT', access: 'public' }]);
  });
});

@WebSocketGateway({ path: '/chat' })
class RequiringGateway {
  @SubscribeMessage('post')
  @RequireScope('chat:write')
  post() {
    return {};
  }
}

@WebSocketGateway({ path: '/chat' })
class RequiringConnection {
  @RequireScope('chat')
  handleConnection() {
    return undefined;
  }
}

@WebSocketGateway({ path: '/chat' })
@OptionalAuthentication()
class OptionalGateway {
  @SubscribeMessage('post')
  post() {
    return {};
  }
}

describe('gateways under a manual guard', () => {
  it.each([
    [RequiringGateway, 'RequiringGateway.post'],
    [RequiringConnection, 'RequiringConnection'],
    [OptionalGateway, 'OptionalGateway'],
  ])('such as %p end the start without the guard', async (gateway, option) => {
    const starting = startedOn(
      startExpress,
      { providers: [gateway] },
      { guard: 'manual', configure: (created) => created.useWebSocketAdapter(new WsAdapter(created)) },
    );
    await expect(starting).rejects.toMatchObject(setupErrorOf(option, '@UseGuards(AssayGuard)'));
  });
});

@Controller('orders')
class RequiringEvents {
  @Sse('events')
  @RequireScope('orders:read')
  events() {
    return of({ data: 'shipped' });
  }
}

@Controller({ path: 'orders', scope: Scope.REQUEST })
class RouteOfEachRequest {
  @Get()
  @RequireScope('orders:read')
  list() {
    return [];
  }
}

class RoutesBase {
  @Get('inherited')
  @RequireScope('orders:read')
  inherited() {
    return [];
  }
}

@Controller('orders')
class InheritedRoute extends RoutesBase {}

@Controller('orders')
class GuardedRouteBesideAnother extends RoutesBase {
  @Get('guarded')
  @UseGuards(AssayGuard)
  guarded() {
    return [];
  }
}

@Module({})
class HealthModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer
      .apply((_req: unknown, res: { end: (text: string) => void }) => {
        res.end('from middleware');
      })
      .forRoutes({ path: 'health', method: RequestMethod.GET });
  }
}

describe.each(platforms)('routes on %s', (_platform, start) => {
  it.each([
    [RequiringEvents, 'RequiringEvents.events'],
    [RouteOfEachRequest, 'RouteOfEachRequest.list'],
    [InheritedRoute, 'InheritedRoute.inherited'],
    [GuardedRouteBesideAnother, 'GuardedRouteBesideAnother.inherited'],
  ])('of %p end the start under a manual guard that is not on them', async (controller, option) => {
    const starting = startedOn(start, { controllers: [controller] }, { guard: 'manual' });
    await expect(starting).rejects.toMatchObject(setupErrorOf(option, '@UseGuards(AssayGuard)'));
  });

  const warningsOf = async (metadata: ModuleMetadata) => {
    const warnings: unknown[] = [];
    const nothing = () => undefined;
    const warn = (message: unknown, context?: string) => {
      if (context === 'AssayReport') warnings.push(message);
    };
    const logger: LoggerService = { log: nothing, error: nothing, warn };
    return { started: await startedOn(start, metadata, { logger }), warnings };
  };

  it('that only middleware answers are not protected, and the log says so', async () => {
    const { started, warnings } = await warningsOf({ imports: [HealthModule] });
    expect(warnings).toEqual([
      'No handler is protected: there are no controllers, gateways and resolvers. Guards do not see middleware.',
    ]);
    expect(started.get(AssayReport).report()).toEqual([]);
    const answer = await request(started.getHttpServer()).get('/health');
    expect([answer.status, answer.text]).toEqual([200, 'from middleware']);
  });

  it('of controllers are protected beside those that middleware answers', async () => {
    const { started, warnings } = await warningsOf({
      imports: [HealthModule],
      controllers: [RouteOfEachRequest],
    });
    expect(warnings).toEqual([]);
    await request(started.getHttpServer()).get('/health').expect(200);
    const closed = await request(started.getHttpServer()).get('/orders');
    expect([closed.status, closed.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="https://api.example"',
    ]);
  });
});
