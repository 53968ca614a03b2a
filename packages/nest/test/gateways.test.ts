import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  UseGuards,
  type INestApplication,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { authenticationOf, createResourceServer, type Principal } from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  AssayReport,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  RequireClaim,
  RequireScope,
} from '@assay/nest';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { platforms, type StartOptions } from './platforms.js';

let connected: string[] = [];
let handled: string[] = [];

const subjectOf = (client: object) => authenticationOf(client)?.principal?.subject ?? 'anonymous';

class ChatHandlers {
  handleConnection(client: object) {
    connected.push(subjectOf(client));
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal | undefined) {
    handled.push('whoami');
    return { event: 'whoami', data: principal?.subject ?? 'anonymous' };
  }

  @SubscribeMessage('post')
  @RequireScope('chat:write')
  post() {
    handled.push('post');
    return { event: 'post', data: 'posted' };
  }

  @SubscribeMessage('enter')
  @RequireClaim<{ data: { room: string } }>('room', (room, { request }) => room === request.data.room)
  enter(@MessageBody('room') room: string) {
    handled.push('enter');
    return { event: 'enter', data: room };
  }

  @SubscribeMessage('ping')
  @Public()
  ping() {
    handled.push('ping');
    return { event: 'ping', data: 'pong' };
  }
}

@WebSocketGateway({ path: '/chat' })
class ChatGateway extends ChatHandlers {}

@WebSocketGateway({ path: '/guarded' })
@UseGuards(AssayGuard)
class GuardedGateway extends ChatHandlers {}

@WebSocketGateway({ path: '/partner' })
@UseGuards(AssayGuard.for('partner'))
class PartnerGateway extends ChatHandlers {}

@WebSocketGateway({ path: '/open' })
@Public()
class OpenGateway {
  handleConnection(client: object) {
    connected.push(subjectOf(client));
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal | undefined) {
    return { event: 'whoami', data: principal?.subject ?? 'anonymous' };
  }
}

@WebSocketGateway({ path: '/optional' })
@OptionalAuthentication()
class OptionalGateway {
  handleConnection(client: object) {
    connected.push(subjectOf(client));
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal | undefined) {
    return { event: 'whoami', data: principal?.subject ?? 'anonymous' };
  }

  @SubscribeMessage('post')
  @RequireScope('chat:write')
  post() {
    handled.push('post');
    return { event: 'post', data: 'posted' };
  }
}

@WebSocketGateway({ path: '/admin' })
@RequireScope('admin')
class AdminGateway {
  handleConnection(client: object) {
    connected.push(subjectOf(client));
  }
}

@WebSocketGateway({ path: '/shared' })
class SharedClosedGateway {
  @SubscribeMessage('closed')
  closed() {
    return { event: 'closed', data: 'closed' };
  }
}

@WebSocketGateway({ path: '/shared' })
@Public()
class SharedOpenGateway {
  handleConnection(client: object) {
    connected.push(subjectOf(client));
  }

  @SubscribeMessage('shared')
  shared() {
    return { event: 'shared', data: 'shared' };
  }
}

@WebSocketGateway({ path: '/parent', namespace: 'rooms' })
class RoomsGateway extends ChatHandlers {}

let clock: FixedClock;
let tokens: TokenBuilder;
let partner: TokenBuilder;
let app: INestApplication<Server> | undefined;
let port: number;

beforeEach(async () => {
  connected = [];
  handled = [];
  clock = fixedClock();
  tokens = await createTokenBuilder({ clock });
  partner = await createTokenBuilder({ clock, issuer: 'https://partner.example' });
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const optionsFor = (builder: TokenBuilder) => ({
  issuer: [{ issuer: builder.issuer, keys: builder.jwks }],
  audience: builder.audience,
  clock,
  leewaySeconds: 0,
});
const imports = (): ModuleMetadata['imports'] => [
  AssayModule.forRoot(optionsFor(tokens)),
  AssayModule.forRoot({ ...optionsFor(partner), name: 'partner', guard: 'manual' }),
];

type Adapter = new (app: INestApplication) => WsAdapter | IoAdapter;

const listen = async (
  start: (typeof platforms)[number][1],
  Adapter: Adapter,
  { providers, override }: { readonly providers: Provider[]; readonly override?: StartOptions['override'] },
) => {
  app = await start(
    { imports: imports() ?? [], providers },
    {
      ...(override === undefined ? {} : { override }),
      configure: (created) => created.useWebSocketAdapter(new Adapter(created)),
    },
  );
  await app.listen(0, '127.0.0.1');
  port = (app.getHttpServer().address() as AddressInfo).port;
};

/** What came of an attempt to connect with `ws`: an open connection, or the answer to the upgrade. */
const upgrade = async (path: string, authorization?: string) => {
  const headers = authorization === undefined ? {} : { authorization };
  const client = new WebSocket(`ws://127.0.0.1:${String(port)}${path}`, { headers });
  const refused = once(client, 'unexpected-response').then(async ([, response]: unknown[]) => {
    const answer = response as IncomingMessage;
    const body = (await answer.setEncoding('utf8').toArray()).join('');
    return { client, status: answer.statusCode, headers: answer.headers, body };
  });
  const opened = once(client, 'open').then(() => ({ client, status: 101, headers: {}, body: '' }));
  client.on('error', () => undefined);
  return Promise.race([refused, opened]);
};

const ask = async (client: WebSocket, event: string, data: unknown = {}): Promise<unknown> => {
  client.send(JSON.stringify({ event, data }));
  const [received] = (await once(client, 'message')) as [Buffer];
  return JSON.parse(received.toString());
};

const insufficient = {
  event: 'exception',
  data: {
    status: 403,
    error: 'insufficient_scope',
    error_description: expect.any(String),
    challenge: expect.stringContaining('scope="chat:write"'),
  },
};

const expired = {
  status: 401,
  error: 'invalid_token',
  error_description: 'The token has expired.',
  challenge:
    'Bearer realm="https://api.example", error="invalid_token", error_description="The token has expired."',
};

const refusedHandshakes: readonly [
  string,
  () => string | undefined,
  { readonly status: number; readonly error?: string; readonly description: string },
][] = [
  ['no token', () => undefined, { status: 401, description: 'An access token is required.' }],
  [
    'a token for another API',
    () => `Bearer ${tokens.accessToken({ aud: 'https://other.example' })}`,
    { status: 401, error: 'invalid_token', description: 'The token is not for this audience.' },
  ],
  [
    'an expired token',
    () => `Bearer ${tokens.accessToken({ exp: clock.nowSeconds() })}`,
    { status: 401, error: 'invalid_token', description: 'The token has expired.' },
  ],
  [
    'a token of another issuer',
    () => `Bearer ${partner.accessToken()}`,
    { status: 401, error: 'invalid_token', description: expect.any(String) as unknown as string },
  ],
  [
    'malformed credentials',
    () => 'Bearer a b',
    { status: 400, error: 'invalid_request', description: 'The credentials are malformed.' },
  ],
];

describe.each(platforms)('gateways of ws on %s', (_platform, start) => {
  const open = (...providers: Type[]) => listen(start, WsAdapter, { providers });

  it.each(refusedHandshakes)(
    '[attack-31-unprotected-context] refuses the upgrade with %s, before handleConnection',
    async (_case, authorization, { status, error, description }) => {
      await open(ChatGateway);
      const answer = await upgrade('/chat', authorization());
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toEqual({
        ...(error === undefined ? {} : { error }),
        error_description: description,
      });
      expect((answer.headers as IncomingHttpHeaders)['www-authenticate']).toContain(
        'Bearer realm="https://api.example"',
      );
      expect(connected).toEqual([]);
    },
  );

  it('knows the principal in handleConnection, and for each message', async () => {
    await open(ChatGateway);
    const { client, status } = await upgrade('/chat', `Bearer ${tokens.accessToken({ sub: 'ada' })}`);
    expect(status).toBe(101);
    expect(await ask(client, 'whoami')).toEqual({ event: 'whoami', data: 'ada' });
    expect(connected).toEqual(['ada']);
    client.terminate();
  });

  it('keeps the principals of two connections apart', async () => {
    await open(ChatGateway);
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map((sub) => upgrade('/chat', `Bearer ${tokens.accessToken({ sub })}`)),
    );
    expect(await Promise.all([ada, bob].map((answer) => ask(answer?.client as WebSocket, 'whoami')))).toEqual(
      [
        { event: 'whoami', data: 'ada' },
        { event: 'whoami', data: 'bob' },
      ],
    );
    ada?.client.terminate();
    bob?.client.terminate();
  });

  it.each([
    ['the global guard', '/chat'],
    ['@UseGuards', '/guarded'],
  ])('judges each message by its own requirements, by %s', async (_case, path) => {
    await open(ChatGateway, GuardedGateway);
    const reader = await upgrade(path, `Bearer ${tokens.accessToken({ scope: 'chat:read' })}`);
    expect(await ask(reader.client, 'post')).toEqual(insufficient);
    expect(handled).toEqual([]);
    const writer = await upgrade(path, `Bearer ${tokens.accessToken({ scope: 'chat:write' })}`);
    expect(await ask(writer.client, 'post')).toEqual({ event: 'post', data: 'posted' });
    reader.client.terminate();
    writer.client.terminate();
  });

  it.each([
    ['lets in', 'blue', { event: 'enter', data: 'blue' }],
    ['refuses', 'red', { event: 'exception', data: expect.objectContaining({ status: 403 }) }],
  ])('%s by a claim and the data of the message', async (_case, room, answer) => {
    await open(ChatGateway);
    const { client } = await upgrade('/chat', `Bearer ${tokens.accessToken({ room: 'blue' })}`);
    expect(await ask(client, 'enter', { room })).toEqual(answer);
    client.terminate();
  });

  it('refuses messages once the token has expired, but for public ones', async () => {
    await open(ChatGateway);
    const exp = clock.nowSeconds() + 60;
    const { client } = await upgrade('/chat', `Bearer ${tokens.accessToken({ exp })}`);
    clock.advanceSeconds(59.5);
    expect(await ask(client, 'whoami')).toEqual({ event: 'whoami', data: 'user-1' });
    clock.advanceSeconds(0.5);
    expect(await ask(client, 'whoami')).toEqual({ event: 'exception', data: expired });
    expect(await ask(client, 'ping')).toEqual({ event: 'ping', data: 'pong' });
    expect(handled).toEqual(['whoami', 'ping']);
    client.terminate();
  });

  it('judges a gateway under the guard of another resource server by that one', async () => {
    await open(PartnerGateway);
    expect((await upgrade('/partner', `Bearer ${tokens.accessToken()}`)).status).toBe(401);
    const { client } = await upgrade('/partner', `Bearer ${partner.accessToken({ sub: 'partner' })}`);
    expect(await ask(client, 'whoami')).toEqual({ event: 'whoami', data: 'partner' });
    expect(connected).toEqual(['partner']);
    client.terminate();
  });

  it.each([
    ['no token', () => undefined],
    ['a bad token', () => 'Bearer nonsense'],
  ])('opens a public gateway with %s', async (_case, authorization) => {
    await open(OpenGateway);
    const { client } = await upgrade('/open', authorization());
    expect(await ask(client, 'whoami')).toEqual({ event: 'whoami', data: 'anonymous' });
    expect(connected).toEqual(['anonymous']);
    client.terminate();
  });

  it('opens a gateway with optional authentication without a token, but not its closed messages', async () => {
    await open(OptionalGateway);
    const { client } = await upgrade('/optional');
    expect(await ask(client, 'whoami')).toEqual({ event: 'whoami', data: 'anonymous' });
    expect(await ask(client, 'post')).toEqual({
      event: 'exception',
      data: {
        status: 401,
        error_description: 'An access token is required.',
        challenge: 'Bearer realm="https://api.example"',
      },
    });
    expect(handled).toEqual([]);
    expect((await upgrade('/optional', 'Bearer nonsense')).status).toBe(401);
    client.terminate();
  });

  it.each([
    ['refuses the connection', 'orders:read', 403, []],
    ['opens it', 'admin', 101, ['user-1']],
  ])(
    '%s by what stands on the class, where it has a handleConnection',
    async (_case, scope, status, seen) => {
      await open(AdminGateway);
      const answer = await upgrade('/admin', `Bearer ${tokens.accessToken({ scope })}`);
      expect(answer.status).toBe(status);
      expect(connected).toEqual(seen);
      answer.client.terminate();
    },
  );

  it('lets the strictest decide where gateways share a server', async () => {
    await open(SharedOpenGateway, SharedClosedGateway);
    expect((await upgrade('/shared')).status).toBe(401);
    expect(connected).toEqual([]);
    const { client, status } = await upgrade('/shared', `Bearer ${tokens.accessToken()}`);
    expect(status).toBe(101);
    client.terminate();
  });

  it('reports connections and messages', async () => {
    await open(ChatGateway, OpenGateway);
    const rows = (app as INestApplication).get(AssayReport, { strict: false }).report();
    expect(
      rows.map(({ method, path, handler, access, requirements }) =>
        [method, path, handler, access, ...requirements].join(' '),
      ),
    ).toEqual([
      'CONNECT /chat ChatGateway protected',
      'WS whoami ChatGateway.whoami protected',
      'WS post ChatGateway.post protected scope chat:write',
      'WS enter ChatGateway.enter protected claim room, judged by a function',
      'WS ping ChatGateway.ping public',
      'CONNECT /open OpenGateway public',
      'WS whoami OpenGateway.whoami public',
    ]);
  });

  it('leaves tokens out where a test overrides the guard', async () => {
    await listen(start, WsAdapter, {
      providers: [ChatGateway],
      override: (builder) => builder.overrideProvider(AssayGuard).useValue({ canActivate: () => true }),
    });
    const { client, status } = await upgrade('/chat');
    expect(status).toBe(101);
    expect(await ask(client, 'ping')).toEqual({ event: 'ping', data: 'pong' });
    client.terminate();
  });
});

/** What came of an attempt to connect with socket.io: a connected socket, or the error. */
const connect = async (
  path: string,
  {
    authorization,
    auth,
    transport = 'websocket',
  }: {
    readonly authorization?: string | undefined;
    readonly auth?: Record<string, unknown>;
    readonly transport?: 'websocket' | 'polling';
  } = {},
): Promise<{ readonly socket: Socket; readonly error?: Error & { readonly data?: unknown } }> => {
  const [, first = '', namespace = ''] = path.split('/');
  const socket = io(`http://127.0.0.1:${String(port)}/${namespace}`, {
    path: `/${first}`,
    transports: [transport],
    reconnection: false,
    forceNew: true,
    ...(authorization === undefined ? {} : { extraHeaders: { authorization } }),
    ...(auth === undefined ? {} : { auth }),
  });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      resolve({ socket });
    });
    socket.once('connect_error', (error) => {
      resolve({ socket, error });
    });
  });
};

const tell = async (socket: Socket, event: string, data: unknown = {}): Promise<unknown> =>
  new Promise((resolve) => {
    socket.onAny((name: string, received: unknown) => {
      socket.offAny();
      resolve({ event: name, data: received });
    });
    socket.emit(event, data);
  });

describe.each(platforms)('gateways of socket.io on %s', (_platform, start) => {
  const open = (...providers: Type[]) => listen(start, IoAdapter, { providers });

  it.each(refusedHandshakes)(
    '[attack-31-unprotected-context] refuses the connection with %s, before handleConnection',
    async (_case, authorization, { status, error, description }) => {
      await open(ChatGateway);
      const { socket, error: refusal } = await connect('/chat', { authorization: authorization() });
      expect(refusal?.data).toEqual({
        status,
        ...(error === undefined ? {} : { error }),
        error_description: description,
        challenge: expect.stringContaining('Bearer realm="https://api.example"'),
      });
      expect(connected).toEqual([]);
      socket.close();
    },
  );

  it.each([
    ['its header, over WebSocket', 'websocket', (token: string) => ({ authorization: `Bearer ${token}` })],
    ['its header, over long polling', 'polling', (token: string) => ({ authorization: `Bearer ${token}` })],
    ['auth.token, over WebSocket', 'websocket', (token: string) => ({ auth: { token } })],
    ['auth.token, over long polling', 'polling', (token: string) => ({ auth: { token } })],
  ] as const)('takes the token from %s', async (_case, transport, credentials) => {
    await open(ChatGateway);
    const { socket } = await connect('/chat', {
      transport,
      ...credentials(tokens.accessToken({ sub: 'ada' })),
    });
    expect(await tell(socket, 'whoami')).toEqual({ event: 'whoami', data: 'ada' });
    expect(connected).toEqual(['ada']);
    socket.close();
  });

  it.each([
    [
      'two tokens',
      () => ({ authorization: `Bearer ${tokens.accessToken()}`, auth: { token: tokens.accessToken() } }),
      400,
    ],
    ['a bad auth.token', () => ({ auth: { token: 'nonsense' } }), 401],
    ['an auth.token that is no text', () => ({ auth: { token: { a: 1 } } }), 400],
    ['an auth.token with a scheme', () => ({ auth: { token: `Bearer ${tokens.accessToken()}` } }), 400],
  ])('refuses %s', async (_case, credentials, status) => {
    await open(ChatGateway);
    const { socket, error } = await connect('/chat', credentials());
    expect(error?.data).toMatchObject({ status });
    expect(connected).toEqual([]);
    socket.close();
  });

  it('judges each message by its own requirements', async () => {
    await open(ChatGateway);
    const { socket } = await connect('/chat', {
      auth: { token: tokens.accessToken({ scope: 'chat:read' }) },
    });
    expect(await tell(socket, 'post')).toEqual(insufficient);
    expect(handled).toEqual([]);
    socket.close();
  });

  it('refuses messages once the token has expired', async () => {
    await open(ChatGateway);
    const exp = clock.nowSeconds() + 60;
    const { socket } = await connect('/chat', { auth: { token: tokens.accessToken({ exp }) } });
    clock.advanceSeconds(59.5);
    expect(await tell(socket, 'whoami')).toEqual({ event: 'whoami', data: 'user-1' });
    clock.advanceSeconds(0.5);
    expect(await tell(socket, 'whoami')).toEqual({ event: 'exception', data: expired });
    socket.close();
  });

  it('authenticates the connections of a namespace', async () => {
    await open(RoomsGateway);
    const refused = await connect('/parent/rooms');
    expect(refused.error?.data).toMatchObject({ status: 401 });
    expect(connected).toEqual([]);
    const { socket } = await connect('/parent/rooms', {
      auth: { token: tokens.accessToken({ sub: 'ada' }) },
    });
    expect(await tell(socket, 'whoami')).toEqual({ event: 'whoami', data: 'ada' });
    expect(connected).toEqual(['ada']);
    refused.socket.close();
    socket.close();
  });
});

describe('set-up of gateways', () => {
  const errorOf = async (adapter: object | undefined, guard: 'global' | 'manual', ...providers: Type[]) => {
    const [, start] = platforms[0];
    try {
      app = await start(
        { imports: [AssayModule.forRoot(createResourceServer(optionsFor(tokens)), { guard })], providers },
        {
          configure: (created) =>
            created.useWebSocketAdapter((adapter ?? new WsAdapter(created)) as WsAdapter),
        },
      );
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it('refuses an adapter whose connections it cannot authenticate', async () => {
    const foreign = { create: () => ({}), bindClientConnect: () => undefined, close: () => undefined };
    expect(await errorOf(foreign, 'global', ChatGateway)).toMatchObject({
      name: 'SetupError',
      option: 'useWebSocketAdapter',
    });
  });

  it('refuses a guard on the methods of a gateway alone', async () => {
    expect(await errorOf(undefined, 'manual', MethodGuardedGateway)).toMatchObject({
      name: 'SetupError',
      message: expect.stringContaining('@UseGuards(AssayGuard) on MethodGuardedGateway'),
    });
  });

  it('refuses requirements that no guard enforces', async () => {
    expect(await errorOf(undefined, 'manual', ChatGateway)).toMatchObject({
      name: 'SetupError',
      option: 'ChatGateway.post',
    });
  });

  it('starts with a manual guard on the class', async () => {
    expect(await errorOf(undefined, 'manual', GuardedGateway)).toBeUndefined();
  });
});

@WebSocketGateway({ path: '/method' })
class MethodGuardedGateway {
  @SubscribeMessage('whoami')
  @UseGuards(AssayGuard)
  whoami(@ConnectedSocket() client: object) {
    return { event: 'whoami', data: subjectOf(client) };
  }
}
