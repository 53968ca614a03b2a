import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Args, GraphQLModule, Mutation, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Principal } from '@assay/core';
import { CurrentPrincipal, Public, RequireScope } from '@assay/nest';
import { createClient, type Client } from 'graphql-ws';
import request from 'supertest';
import { WebSocket } from 'ws';
import { bearer, challenge, startedOnExpress } from './start.js';

const typeDefs = `
  type Order { id: String! lines: String }
  type Query { orders: [Order!] health: String! me: String! }
  type Mutation { create(id: String!): String }
  type Subscription { shipped: String }
`;

let called: string[] = [];

async function* shipments(subject: string) {
  called.push('shipped');
  yield await Promise.resolve({ shipped: subject });
}

@Resolver('Order')
class OrdersResolver {
  @Query()
  orders() {
    called.push('orders');
    return [{ id: '1' }];
  }

  @Query()
  me(@CurrentPrincipal() principal: Principal) {
    return principal.subject;
  }

  @Query()
  @Public()
  health() {
    return 'ok';
  }

  @Mutation()
  @RequireScope('orders:write')
  create(@Args('id') id: string) {
    called.push('create');
    return id;
  }

  @Subscription()
  shipped(@CurrentPrincipal() principal: Principal) {
    return shipments(principal.subject);
  }
}

@Resolver('Order')
class LinesResolver {
  @ResolveField()
  @RequireScope('orders:lines')
  lines() {
    called.push('lines');
    return 'one';
  }
}

let app: INestApplication<Server> | undefined;
let client: Client | undefined;
beforeEach(() => {
  called = [];
});
afterEach(async () => {
  await client?.dispose();
  await app?.close();
  client = app = undefined;
});

const start = async (
  providers: Type[],
  enhancers: Pick<ApolloDriverConfig, 'fieldResolverEnhancers'> = {},
) => {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    ...{ driver: ApolloDriver, typeDefs, subscriptions: { 'graphql-ws': true } },
    ...enhancers,
  });
  app = await startedOnExpress({ imports: [graphql], providers });
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer();
};

describe('GraphQL on Nest 11', () => {
  const ask = async (server: Server, query: string, authorization?: string) =>
    request(server)
      .post('/graphql')
      .set(authorization === undefined ? {} : { authorization })
      .send({ query });

  it('challenges a query without a token, and calls no resolver', async () => {
    const response = await ask(await start([OrdersResolver]), '{ orders { id } }');
    expect(response.body.errors[0]).toMatchObject({
      message: 'An access token is required.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(called).toEqual([]);
  });

  it('refuses a mutation without the scope, and leaves public queries open', async () => {
    const server = await start([OrdersResolver]);
    const refused = await ask(server, 'mutation { create(id: "7") }', await bearer({ scope: 'orders:read' }));
    expect(refused.body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect(refused.headers['www-authenticate']).toContain('scope="orders:write"');
    expect(called).toEqual([]);
    expect((await ask(server, '{ health }')).body.data).toEqual({ health: 'ok' });
    expect((await ask(server, '{ me }', await bearer({ sub: 'ada' }))).body.data).toEqual({ me: 'ada' });
  });

  it('judges fields where guards see them', async () => {
    const server = await start([OrdersResolver, LinesResolver], { fieldResolverEnhancers: ['guards'] });
    const refused = await ask(server, '{ orders { id lines } }', await bearer({ scope: 'orders:read' }));
    expect(refused.body.data).toEqual({ orders: [{ id: '1', lines: null }] });
    expect(refused.body.errors[0].extensions.code).toBe('FORBIDDEN');
    const allowed = await ask(server, '{ orders { lines } }', await bearer({ scope: 'orders:lines' }));
    expect(allowed.body.data).toEqual({ orders: [{ lines: 'one' }] });
  });

  it('does not start where guards do not see a field that demands something', async () => {
    await expect(start([OrdersResolver, LinesResolver])).rejects.toMatchObject({
      name: 'SetupError',
      option: 'LinesResolver.lines',
      remedy: expect.stringContaining("fieldResolverEnhancers: ['guards']"),
    });
  });

  it('judges subscriptions by the token of their connection', async () => {
    const server = await start([OrdersResolver]);
    const { port } = server.address() as AddressInfo;
    const first = async (connectionParams: Record<string, unknown>) => {
      await client?.dispose();
      client = createClient({
        url: `ws://127.0.0.1:${String(port)}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        connectionParams,
      });
      for await (const result of client.iterate({ query: 'subscription { shipped }' })) return result;
      return undefined;
    };
    expect(await first({})).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(called).toEqual([]);
    expect(await first({ Authorization: await bearer({ sub: 'ada' }) })).toEqual({
      data: { shipped: 'ada' },
    });
  });
});
