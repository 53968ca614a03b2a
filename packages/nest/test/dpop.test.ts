import { once } from 'node:events';
import type { ClientRequest, IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, UseGuards, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  inMemoryStores,
  type Principal,
  type ResourceServerOptions,
  type SingleUseStore,
} from '@assay/core';
import { protect } from '@assay/express';
import {
  AssayGuard,
  AssayModule,
  CurrentPrincipal,
  RequireScope,
  RequireSenderConstraint,
  resourceServerToken,
} from '@assay/nest';
import {
  createProofBuilder,
  createTokenBuilder,
  fixedClock,
  type FixedClock,
  type ProofBuilder,
  type ProofHeaders,
  type TokenBuilder,
} from '@assay/testing';
import { io } from 'socket.io-client';
import request from 'supertest';
import { WebSocket } from 'ws';
import { platforms } from './platforms.js';

const secret = Buffer.alloc(32, 7);

@Controller()
@UseGuards(AssayGuard)
@RequireScope('orders:read')
class OrdersController {
  @Get('orders')
  @UseGuards(AssayGuard)
  orders(@CurrentPrincipal() principal: Principal) {
    return { for: principal.subject };
  }

  @Get('bound')
  @RequireSenderConstraint('dpop')
  bound(@CurrentPrincipal() principal: Principal) {
    return { for: principal.subject };
  }
}

@Controller()
class PartnerController {
  @Get('partner')
  @UseGuards(AssayGuard.for('partner'))
  partner(@CurrentPrincipal() principal: Principal) {
    return { for: principal.subject };
  }
}

@Resolver('Order')
class OrdersResolver {
  @Query()
  orders() {
    return [{ id: '1' }, { id: '2' }, { id: '3' }];
  }

  @Query()
  me(@CurrentPrincipal() principal: Principal) {
    return principal.subject;
  }

  @ResolveField()
  notes(@CurrentPrincipal() principal: Principal) {
    return `for ${principal.subject}`;
  }
}

class Answers {
  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return { event: 'whoami', data: principal.subject };
  }
}

@WebSocketGateway({ path: '/shared' })
class ChatGateway extends Answers {}

@WebSocketGateway({ path: '/shared' })
@UseGuards(AssayGuard.for('partner'))
class PartnerGateway {
  @SubscribeMessage('partner')
  partner(@CurrentPrincipal() principal: Principal) {
    return { event: 'partner', data: principal.subject };
  }
}

let clock: FixedClock;
let tokens: TokenBuilder;
let proofs: ProofBuilder;
let app: INestApplication<Server> | undefined;
/** How many proofs were used up. */
let reservations: number;

beforeEach(async () => {
  clock = fixedClock(1_800_000_000);
  tokens = await createTokenBuilder({ clock });
  proofs = await createProofBuilder({ clock });
  reservations = 0;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

/** A store that takes its time, so that whoever else asks meanwhile is not kept out by luck. */
function slowStore(): SingleUseStore {
  const { singleUse } = inMemoryStores({ clock });
  return {
    async reserve(reservation) {
      reservations += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return singleUse.reserve(reservation);
    },
  };
}

const settings = (changes: Partial<ResourceServerOptions> = {}) => ({
  issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
  audience: tokens.audience,
  clock,
  stores: { singleUse: slowStore() },
  ...changes,
});

const boundToken = () => tokens.accessToken({ cnf: { jkt: proofs.thumbprint }, scope: 'orders:read' });

function proven(
  path: string,
  { method = 'GET', nonce }: { method?: string; nonce?: string } = {},
): ProofHeaders {
  const url = tokens.audience + path;
  return proofs.headers(boundToken(), { method, url, ...(nonce === undefined ? {} : { nonce }) });
}

const server = () => (app as INestApplication<Server>).getHttpServer();

describe.each(platforms)('DPoP on Nest on %s', (_platform, start) => {
  const startWith = async (
    changes: Partial<ResourceServerOptions> = {},
    configure: (app: INestApplication) => void = () => undefined,
  ) => {
    const partner = AssayModule.forRoot({ name: 'partner', guard: 'manual', ...settings(changes) });
    const metadata: ModuleMetadata = {
      imports: [AssayModule.forRoot(settings(changes)), partner],
      controllers: [OrdersController, PartnerController],
    };
    app = await start(metadata, { configure });
  };

  it('[rfc9449-11.1-jti-replay] asks for the proof once, however many guards stand before a handler', async () => {
    await startWith();
    const headers = proven('/orders');
    await request(server()).get('/orders').set(headers).expect(200, { for: 'user-1' });
    expect(reservations).toBe(1);
    const { body } = await request(server()).get('/orders').set(headers).expect(401);
    expect(body.error).toBe('invalid_dpop_proof');
  });

  it('[rfc9449-11.1-jti-replay] has the one resource server judge that stands on the handler', async () => {
    await startWith();
    await request(server()).get('/partner').set(proven('/partner')).expect(200, { for: 'user-1' });
    expect(reservations).toBe(1);
  });

  it('[rfc9700-2.2.1-require-binding] lets bound tokens alone reach a handler that insists', async () => {
    await startWith();
    await request(server()).get('/bound').set(proven('/bound')).expect(200, { for: 'user-1' });
    const plain = `Bearer ${tokens.accessToken({ scope: 'orders:read' })}`;
    const { headers, body } = await request(server()).get('/bound').set('authorization', plain).expect(401);
    expect(body.error).toBe('invalid_token');
    expect(headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token".*, DPoP .*algs="[^"]*ES256/);
    await request(server()).get('/orders').set('authorization', plain).expect(200);
  });

  it('[rfc9449-9-nonce-required] demands a nonce, takes it, and hands out the next in time', async () => {
    await startWith({ dpop: { nonce: { secrets: [secret] } } });
    const demanded = await request(server()).get('/orders').set(proven('/orders')).expect(401);
    expect(demanded.headers['www-authenticate']).toContain('error="use_dpop_nonce"');
    const nonce = demanded.headers['dpop-nonce'] ?? '';
    const young = await request(server()).get('/orders').set(proven('/orders', { nonce })).expect(200);
    expect(young.headers['dpop-nonce']).toBeUndefined();
    clock.advanceSeconds(280);
    const aging = await request(server()).get('/orders').set(proven('/orders', { nonce })).expect(200);
    expect(aging.headers['dpop-nonce']).toMatch(/^[\w-]{46}$/);
    expect(aging.headers['cache-control']).toBe('no-store');
    expect(reservations).toBe(2);
  });

  it('[rfc9449-11.1-jti-replay] refuses with 503 while the store cannot answer', async () => {
    await startWith({ stores: { singleUse: { reserve: () => Promise.reject(new Error('lost')) } } });
    const { headers } = await request(server()).get('/orders').set(proven('/orders')).expect(503);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(headers['retry-after']).toMatch(/^\d+$/);
  });

  describe('for scripts of other origins', () => {
    const exposed = async (headers: Partial<ProofHeaders>, status: number) => {
      const origin = { origin: 'https://app.example' };
      const answer = await request(server())
        .get('/orders')
        .set({ ...origin, ...headers })
        .expect(status);
      const names = answer.headers['access-control-expose-headers'];
      return (names ?? '').split(', ').filter((name) => name !== '');
    };

    it('[rfc9449-7.1-cors-expose] exposes challenge and nonce, refused and accepted', async () => {
      await startWith({ exposeToBrowsers: true });
      expect(await exposed({}, 401)).toEqual(['WWW-Authenticate', 'DPoP-Nonce']);
      expect(await exposed(proven('/orders'), 200)).toEqual(['WWW-Authenticate', 'DPoP-Nonce']);
    });

    it('[rfc9449-7.1-cors-expose] beside what the application exposes', async () => {
      await startWith({ exposeToBrowsers: true }, (nest) => {
        nest.enableCors({ origin: 'https://app.example', exposedHeaders: ['X-Total', 'dpop-nonce'] });
      });
      const names = ['X-Total', 'dpop-nonce', 'WWW-Authenticate'];
      expect((await exposed({}, 401)).flatMap((name) => name.split(','))).toEqual(names);
      expect((await exposed(proven('/orders'), 200)).flatMap((name) => name.split(','))).toEqual(names);
    });

    it('[rfc9449-7.1-cors-expose] leaves answers alone where that was not asked for', async () => {
      await startWith();
      expect(await exposed({}, 401)).toEqual([]);
      expect(await exposed(proven('/orders'), 200)).toEqual([]);
    });
  });
});

const [, startExpress] = platforms[0];

describe('DPoP behind middleware of the same resource server', () => {
  it('[rfc9449-11.1-jti-replay] a proof that the middleware has seen is not asked for again', async () => {
    const resourceServer = createResourceServer(settings());
    app = await startExpress(
      { imports: [AssayModule.forRoot(settings())], controllers: [OrdersController] },
      {
        override: (builder) => builder.overrideProvider(resourceServerToken()).useValue(resourceServer),
        configure: (nest) => {
          nest.use(protect(resourceServer));
        },
      },
    );
    await request(server()).get('/orders').set(proven('/orders')).expect(200, { for: 'user-1' });
    expect(reservations).toBe(1);
  });
});

describe('DPoP and GraphQL', () => {
  const start = async (changes: Partial<ResourceServerOptions> = {}) => {
    app = await startExpress({
      imports: [
        AssayModule.forRoot(settings(changes)),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs: 'type Order { id: String! notes: String } type Query { orders: [Order!] me: String }',
          fieldResolverEnhancers: ['guards'],
        }),
      ],
      providers: [OrdersResolver],
    });
  };
  const query = '{ orders { id notes } a: me b: me c: me more: orders { notes } }';
  const send = (headers: ProofHeaders) => request(server()).post('/graphql').set(headers).send({ query });

  it('[rfc9449-11.1-jti-replay] asks for the proof once, however many fields an operation has', async () => {
    await start();
    const headers = proven('/graphql', { method: 'POST' });
    const notes = 'for user-1';
    const { body } = await send(headers).expect(200);
    expect(body).toEqual({
      data: {
        orders: ['1', '2', '3'].map((id) => ({ id, notes })),
        a: 'user-1',
        b: 'user-1',
        c: 'user-1',
        more: [{ notes }, { notes }, { notes }],
      },
    });
    expect(reservations).toBe(1);

    const again = await send(headers);
    expect(again.body.data).toEqual({ orders: null, a: null, b: null, c: null, more: null });
    for (const { message } of again.body.errors as { message: string }[]) {
      expect(message).toBe('The DPoP proof was used before.');
    }
  });

  it('[rfc9449-9-rs-nonce-rotation] hands out the next nonce and keeps the answer out of caches', async () => {
    await start({ dpop: { nonce: { secrets: [secret] } }, exposeToBrowsers: true });
    const demanded = await send(proven('/graphql', { method: 'POST' }));
    const nonce = demanded.headers['dpop-nonce'] ?? '';
    expect(demanded.headers['access-control-expose-headers']).toContain('DPoP-Nonce');
    clock.advanceSeconds(280);
    const aging = await send(proven('/graphql', { method: 'POST', nonce })).expect(200);
    expect(aging.body.errors).toBeUndefined();
    expect(aging.headers['dpop-nonce']).toMatch(/^[\w-]{46}$/);
    expect(aging.headers['cache-control']).toBe('no-store');
  });
});

describe('DPoP and WebSockets', () => {
  const start = async (adapter: 'ws' | 'socket.io', providers: NonNullable<ModuleMetadata['providers']>) => {
    app = await startExpress(
      {
        imports: [
          AssayModule.forRoot(settings()),
          AssayModule.forRoot({ name: 'partner', guard: 'manual', ...settings() }),
        ],
        providers,
      },
      {
        configure: (nest) => {
          nest.useWebSocketAdapter(adapter === 'ws' ? new WsAdapter(nest) : new IoAdapter(nest));
        },
      },
    );
    await app.listen(0, '127.0.0.1');
    return (server().address() as AddressInfo).port;
  };

  async function ask(socket: WebSocket, event: string): Promise<unknown> {
    socket.send(JSON.stringify({ event }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    return JSON.parse(message.toString());
  }

  const opened = async (port: number, headers: ProofHeaders) => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/shared`, { headers });
    await once(socket, 'open');
    return socket;
  };

  async function refused(socket: WebSocket): Promise<IncomingMessage> {
    const [request, response] = (await once(socket, 'unexpected-response')) as [
      ClientRequest,
      IncomingMessage,
    ];
    request.destroy();
    return response;
  }

  it('[rfc9449-11.1-jti-replay] asks for the proof at the handshake, and not with each message (ws)', async () => {
    const port = await start('ws', [ChatGateway]);
    const headers = proven('/shared');
    const socket = await opened(port, headers);
    for (let times = 0; times < 3; times++) {
      expect(await ask(socket, 'whoami')).toEqual({ event: 'whoami', data: 'user-1' });
    }
    expect(reservations).toBe(1);
    socket.close();

    const replayed = new WebSocket(`ws://127.0.0.1:${String(port)}/shared`, { headers });
    const { statusCode } = await refused(replayed);
    expect(statusCode).toBe(401);
  });

  it('[rfc9449-11.1-jti-replay] each of two resource servers asks once for a connection that they share', async () => {
    const port = await start('ws', [ChatGateway, PartnerGateway]);
    const socket = await opened(port, proven('/shared'));
    for (let times = 0; times < 2; times++) {
      expect(await ask(socket, 'whoami')).toEqual({ event: 'whoami', data: 'user-1' });
      expect(await ask(socket, 'partner')).toEqual({ event: 'partner', data: 'user-1' });
    }
    expect(reservations).toBe(2);
    socket.close();
  });

  it('[rfc9449-11.1-jti-replay] asks for the proof at the handshake, and not with each message (socket.io)', async () => {
    const port = await start('socket.io', [ChatGateway]);
    // The first request of socket.io is a GET that asks for the upgrade.
    const socket = io(`http://127.0.0.1:${String(port)}`, {
      path: '/shared',
      transports: ['websocket'],
      extraHeaders: { ...proven('/shared/') },
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    for (let times = 0; times < 3; times++) {
      const answer = new Promise((resolve) => socket.once('whoami', resolve));
      socket.emit('whoami');
      expect(await answer).toBe('user-1');
    }
    expect(reservations).toBe(1);
    socket.disconnect();
  });

  it('[rfc9449-7.2-bearer-downgrade] a bound token under Bearer opens no connection', async () => {
    const port = await start('ws', [ChatGateway]);
    const headers = { authorization: `Bearer ${boundToken()}` };
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/shared`, { headers });
    const { statusCode, headers: answered } = await refused(socket);
    expect(statusCode).toBe(401);
    expect(answered['www-authenticate']).toMatch(/^Bearer .*error="invalid_token".*, DPoP /);
  });
});
