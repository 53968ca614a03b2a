import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UseGuards, type INestApplication, type ModuleMetadata, type Type } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  GraphQLModule,
  Mutation,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  AssayReport,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  RequireScope,
} from '@assay/nest';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';
import type { GraphQLError } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import request from 'supertest';
import { WebSocket } from 'ws';
import { platforms } from './platforms.js';

const typeDefs = `
  type Order { id: String! lines: [String!] notes: String }
  type Query { orders: [Order!] order: Order health: String! catalog: String! me: String! }
  type Mutation { create(id: String!): String }
  type Subscription { shipped: String paid: String }
`;

let called: string[] = [];
/** The status that each refusal carries. Nest's Apollo driver answers 200 wherever there is data beside the errors. */
let statuses: unknown[] = [];

async function* once(field: string, value: string) {
  called.push(field);
  yield await Promise.resolve({ [field]: value });
}

@Resolver('Order')
class OrdersResolver {
  @Query()
  orders() {
    called.push('orders');
    return [{ id: '1' }, { id: '2' }];
  }

  @Query()
  @Public()
  order() {
    return { id: '1' };
  }

  @Query()
  me(@CurrentPrincipal() principal: Principal) {
    called.push('me');
    return principal.subject;
  }

  @Query()
  @Public()
  health() {
    return 'ok';
  }

  @Query()
  @OptionalAuthentication()
  catalog(@CurrentPrincipal() principal: Principal | undefined) {
    return principal?.subject ?? 'anonymous';
  }

  @Mutation()
  @RequireScope('orders:write')
  create(@Args('id') id: string) {
    called.push('create');
    return id;
  }

  @Subscription()
  shipped(@CurrentPrincipal() principal: Principal) {
    return once('shipped', principal.subject);
  }

  @Subscription()
  @RequireScope('orders:write')
  paid() {
    return once('paid', 'paid');
  }
}

@Resolver('Order')
class FieldsResolver {
  @ResolveField()
  @RequireScope('orders:lines')
  lines() {
    called.push('lines');
    return ['one'];
  }
}

@Resolver('Order')
class PlainFieldsResolver {
  @ResolveField()
  notes() {
    return 'plain';
  }
}

@Resolver('Order')
@RequireScope('orders:read')
class FieldUnderRequirement {
  @ResolveField()
  notes() {
    return 'closed';
  }
}

@Resolver('Order')
@UseGuards(AssayGuard)
class FieldUnderGuard {
  @ResolveField()
  notes() {
    return 'guarded';
  }
}

@Resolver('Order')
class ReferenceResolver {
  @ResolveReference()
  byReference() {
    return { id: '1' };
  }
}

let clock: FixedClock;
let tokens: TokenBuilder;
let app: INestApplication<Server> | undefined;
let clients: Client[] = [];

beforeEach(async () => {
  called = [];
  statuses = [];
  clock = fixedClock();
  tokens = await createTokenBuilder({ clock });
});
afterEach(async () => {
  for (const client of clients) await client.dispose();
  clients = [];
  await app?.close();
  app = undefined;
});

const imports = (fieldGuards: boolean): NonNullable<ModuleMetadata['imports']> => [
  AssayModule.forRoot({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: tokens.audience,
    clock,
    leewaySeconds: 0,
  }),
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    typeDefs,
    formatError: (formatted, error) => {
      const { http } = (error as GraphQLError).extensions as { http?: { status: number } };
      statuses.push(http?.status);
      return formatted;
    },
    subscriptions: { 'graphql-ws': true },
    ...(fieldGuards ? { fieldResolverEnhancers: ['guards'] } : {}),
  }),
];

const [, startExpress] = platforms[0];

const start = async (providers: Type[], { fieldGuards = false } = {}) => {
  app = await startExpress({ imports: imports(fieldGuards), providers });
  await app.listen(0, '127.0.0.1');
  return app;
};

const bearer = (claims?: Record<string, unknown>) => `Bearer ${tokens.accessToken(claims)}`;

const send = (query: string, authorization?: string) => {
  const sent = request((app as INestApplication<Server>).getHttpServer())
    .post('/graphql')
    .send({ query });
  return authorization === undefined ? sent : sent.set('Authorization', authorization);
};

const refusals: readonly [string, () => string | undefined, number, string, string][] = [
  ['no token', () => undefined, 401, 'UNAUTHENTICATED', 'An access token is required.'],
  ['malformed credentials', () => 'Bearer a b', 400, 'BAD_REQUEST', 'The credentials are malformed.'],
  [
    'an expired token',
    () => bearer({ exp: clock.nowSeconds() }),
    401,
    'UNAUTHENTICATED',
    'The token has expired.',
  ],
  [
    'a token for another API',
    () => bearer({ aud: 'https://other.example' }),
    401,
    'UNAUTHENTICATED',
    'The token is not for this audience.',
  ],
];

describe('GraphQL over HTTP', () => {
  it.each(refusals)(
    '[attack-31-unprotected-context] refuses a query with %s',
    async (_case, authorization, status, code, message) => {
      await start([OrdersResolver]);
      const response = await send('{ orders { id } }', authorization());
      expect(statuses).toEqual([status]);
      expect(response.headers['www-authenticate']).toContain('Bearer realm="https://api.example"');
      expect(response.body.errors).toEqual([
        expect.objectContaining({ message, extensions: expect.objectContaining({ code }), path: ['orders'] }),
      ]);
      expect(response.body.data).toEqual({ orders: null });
      expect(called).toEqual([]);
    },
  );

  it('refuses a mutation without the scope, and tells no claim', async () => {
    await start([OrdersResolver]);
    const response = await send('mutation { create(id: "7") }', bearer({ sub: 'ada-lovelace', scope: 'a' }));
    expect(statuses).toEqual([403]);
    expect(response.headers['www-authenticate']).toContain('scope="orders:write"');
    expect(response.body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect(JSON.stringify(response.body)).not.toContain('ada-lovelace');
    expect(called).toEqual([]);
  });

  it('hands principals to resolvers, also to several of one operation', async () => {
    await start([OrdersResolver]);
    const query = '{ me again: me orders { id } }';
    const response = await send(query, bearer({ sub: 'ada', scope: 'orders:read' }));
    expect(response.status).toBe(200);
    expect(response.body.data).toEqual({ me: 'ada', again: 'ada', orders: [{ id: '1' }, { id: '2' }] });
    const created = await send('mutation { create(id: "7") }', bearer({ scope: 'orders:write' }));
    expect(created.body.data).toEqual({ create: '7' });
  });

  it('leaves public resolvers to everyone, and optional ones to the anonymous', async () => {
    await start([OrdersResolver]);
    expect((await send('{ health }', 'Bearer nonsense')).body.data).toEqual({ health: 'ok' });
    expect((await send('{ catalog }')).body.data).toEqual({ catalog: 'anonymous' });
    expect((await send('{ catalog }', bearer())).body.data).toEqual({ catalog: 'user-1' });
    expect((await send('{ catalog }', 'Bearer nonsense')).body.data).toBeNull();
    expect(statuses).toEqual([401]);
  });

  it('answers each field of an operation by its own protection', async () => {
    await start([OrdersResolver]);
    const { body } = await send('mutation { create(id: "7") } ', bearer({ scope: 'orders:write' }));
    expect(body.data).toEqual({ create: '7' });
    const mixed = await send('{ health catalog orders { id } }');
    expect(statuses).toEqual([401]);
    expect(mixed.body.data).toEqual({ health: 'ok', catalog: 'anonymous', orders: null });
  });

  it('judges fields by their own requirements', async () => {
    await start([OrdersResolver, FieldsResolver], { fieldGuards: true });
    const query = '{ orders { id lines } }';
    const refused = await send(query, bearer({ scope: 'orders:read' }));
    expect(statuses).toEqual([403, 403]);
    expect(refused.body.data).toEqual({
      orders: [
        { id: '1', lines: null },
        { id: '2', lines: null },
      ],
    });
    expect(called).toEqual(['orders']);
    const allowed = await send(query, bearer({ scope: 'orders:lines' }));
    expect(allowed.body.data.orders[0]).toEqual({ id: '1', lines: ['one'] });
  });

  it('keeps a field under a public query closed', async () => {
    await start([OrdersResolver, PlainFieldsResolver], { fieldGuards: true });
    const response = await send('{ order { id notes } }');
    expect(statuses).toEqual([401]);
    expect(response.body.data).toEqual({ order: { id: '1', notes: null } });
  });
});

const subscribe = async (field: string, options: { header?: string; parameter?: unknown } = {}) => {
  const { port } = (app as INestApplication<Server>).getHttpServer().address() as AddressInfo;
  const headers: Record<string, string> =
    options.header === undefined ? {} : { authorization: options.header };
  class Connection extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `ws://127.0.0.1:${String(port)}/graphql`,
    webSocketImpl: Connection,
    retryAttempts: 0,
    ...(options.parameter === undefined ? {} : { connectionParams: { Authorization: options.parameter } }),
  });
  clients.push(client);
  return { client, result: await next(client, field) };
};

const next = async (client: Client, field: string): Promise<unknown> => {
  for await (const result of client.iterate({ query: `subscription { ${field} }` })) return result;
  return undefined;
};

describe('GraphQL subscriptions over graphql-ws', () => {
  it.each([
    ['the header of the connection', (token: string) => ({ header: token })],
    ['the parameters of the connection', (token: string) => ({ parameter: token })],
  ])('takes the token from %s', async (_case, options) => {
    await start([OrdersResolver]);
    const { result } = await subscribe('shipped', options(bearer({ sub: 'ada' })));
    expect(result).toEqual({ data: { shipped: 'ada' } });
  });

  it.each([
    ...refusals.map(
      ([name, authorization, , code]) => [name, () => ({ header: authorization() }), code] as const,
    ),
    ['a bad parameter', () => ({ parameter: 'Bearer nonsense' }), 'UNAUTHENTICATED'] as const,
    ['a parameter that is no text', () => ({ parameter: { a: 1 } }), 'BAD_REQUEST'] as const,
    ['two tokens', () => ({ header: bearer(), parameter: bearer() }), 'BAD_REQUEST'] as const,
  ])('[attack-31-unprotected-context] refuses a subscription with %s', async (_case, options, code) => {
    await start([OrdersResolver]);
    const { header, parameter } = { header: undefined, parameter: undefined, ...options() };
    const { result } = await subscribe('shipped', {
      ...(header === undefined ? {} : { header }),
      ...(parameter === undefined ? {} : { parameter }),
    });
    expect(result).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(called).toEqual([]);
  });

  it('judges each subscription of a connection, by scope and by expiry', async () => {
    await start([OrdersResolver]);
    const exp = clock.nowSeconds() + 60;
    const { client } = await subscribe('shipped', { header: bearer({ exp, scope: 'orders:read' }) });
    expect(await next(client, 'paid')).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    clock.advanceSeconds(60);
    expect(await next(client, 'shipped')).toMatchObject({
      errors: [{ message: 'The token has expired.', extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect(called).toEqual(['shipped']);
  });
});

describe('set-up of resolvers', () => {
  it.each([
    ['a requirement on a field', FieldsResolver, 'FieldsResolver.lines'],
    ['a requirement on the class of a field', FieldUnderRequirement, 'FieldUnderRequirement.notes'],
    ['a guard on the class of a field', FieldUnderGuard, 'FieldUnderGuard.notes'],
    ['an entity of a federated graph', ReferenceResolver, 'ReferenceResolver.byReference'],
  ])('refuses %s that no guard would see', async (_case, resolver, option) => {
    await expect(start([OrdersResolver, resolver])).rejects.toMatchObject({
      name: 'SetupError',
      option,
      message: expect.stringContaining("fieldResolverEnhancers: ['guards']"),
    });
  });

  it('reports queries, mutations, subscriptions and fields', async () => {
    const started = await start([OrdersResolver, PlainFieldsResolver]);
    const rows = started.get(AssayReport).report();
    expect(rows.map(({ method, path, access }) => `${method} ${path} ${access}`)).toEqual([
      'QUERY Query.orders protected',
      'QUERY Query.order public',
      'QUERY Query.me protected',
      'QUERY Query.health public',
      'QUERY Query.catalog optional',
      'MUTATION Mutation.create protected',
      'SUBSCRIPTION Subscription.shipped protected',
      'SUBSCRIPTION Subscription.paid protected',
      'FIELD Order.notes unguarded',
    ]);
  });
});
