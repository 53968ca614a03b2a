import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  UseFilters,
  UseGuards,
  type ArgumentsHost,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { authenticationOf, Principal } from '@assay/core';
import { AssayGuard, AssayReport, CurrentPrincipal, Public, RequireScope } from '@assay/nest';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { bearer, challenge, createdOnExpress } from './start.js';

let connected: (string | undefined)[] = [];
let handled: string[] = [];

class ChatHandlers {
  handleConnection(client: object) {
    connected.push(authenticationOf(client)?.principal?.subject);
  }

  @SubscribeMessage('whoami')
  whoami(@CurrentPrincipal() principal: Principal) {
    return { event: 'whoami', data: principal.subject };
  }

  @SubscribeMessage('post')
  @RequireScope('chat:write')
  post() {
    handled.push('post');
    return { event: 'post', data: 'posted' };
  }
}

@WebSocketGateway({ path: '/chat' })
@UseGuards(AssayGuard)
class ChatGateway extends ChatHandlers {}

/** Nest 11 emits exceptions on a connection of ws as an event of its own process: nothing is sent. */
@Catch(WsException)
class SendingFilter {
  catch(exception: WsException, host: ArgumentsHost) {
    const client = host.switchToWs().getClient<WebSocket>();
    client.send(JSON.stringify({ event: 'exception', data: exception.getError() }));
  }
}

@WebSocketGateway({ path: '/chat' })
@UseGuards(AssayGuard)
@UseFilters(SendingFilter)
class TellingGateway extends ChatHandlers {}

@WebSocketGateway({ path: '/chat' })
class UnguardedGateway extends ChatHandlers {}

@WebSocketGateway({ path: '/chat' })
@Public()
class PublicGateway {
  @SubscribeMessage('ping')
  ping() {
    return { event: 'ping', data: 'pong' };
  }
}

let app: INestApplication<Server> | undefined;
beforeEach(() => {
  connected = [];
  handled = [];
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const open = async (gateway: Type, adapter: typeof WsAdapter | typeof IoAdapter): Promise<number> => {
  app = await createdOnExpress({ providers: [gateway] });
  app.useWebSocketAdapter(new adapter(app));
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
};

const missing = {
  status: 401,
  error_description: 'An access token is required.',
  challenge,
};
const insufficient = {
  status: 403,
  error: 'insufficient_scope',
  error_description: 'The token does not grant the required scope.',
  challenge: expect.stringContaining('scope="chat:write"'),
};

describe('gateways of ws on Nest 11', () => {
  const connect = (port: number, authorization?: string) =>
    new WebSocket(`ws://127.0.0.1:${String(port)}/chat`, {
      headers: authorization === undefined ? {} : { authorization },
    });
  const opened = (socket: WebSocket) => new Promise((resolve) => socket.once('open', resolve));
  const tell = (socket: WebSocket, event: string) =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) => {
        resolve(JSON.parse(data.toString()));
      });
      socket.send(JSON.stringify({ event }));
    });

  it('refuse the upgrade without a token, and call no handler', async () => {
    const socket = connect(await open(ChatGateway, WsAdapter));
    socket.on('error', () => undefined);
    const response = await new Promise<IncomingMessage>((resolve) => {
      socket.once('unexpected-response', (_request, answer) => {
        resolve(answer);
      });
    });
    expect([response.statusCode, response.headers['www-authenticate']]).toEqual([401, challenge]);
    expect(connected).toEqual([]);
    response.destroy();
  });

  it('know the principal at the connection, and judge each message', async () => {
    const port = await open(ChatGateway, WsAdapter);
    const socket = connect(port, await bearer({ sub: 'ada', scope: 'chat:read' }));
    await opened(socket);
    expect(connected).toEqual(['ada']);
    socket.send(JSON.stringify({ event: 'post' }));
    // ws keeps the order: the question is handled after the message.
    expect(await tell(socket, 'whoami')).toEqual({ event: 'whoami', data: 'ada' });
    expect(handled).toEqual([]);
    socket.close();

    const writer = connect(port, await bearer({ scope: 'chat:write' }));
    await opened(writer);
    expect(await tell(writer, 'post')).toEqual({ event: 'post', data: 'posted' });
    writer.close();
  });

  it('tell the client of a refused message, where a filter sends it', async () => {
    const port = await open(TellingGateway, WsAdapter);
    const socket = connect(port, await bearer({ scope: 'chat:read' }));
    await opened(socket);
    expect(await tell(socket, 'post')).toEqual({ event: 'exception', data: insufficient });
    expect(handled).toEqual([]);
    socket.close();
  });

  it('are open to everyone where they are public', async () => {
    const socket = connect(await open(PublicGateway, WsAdapter));
    await opened(socket);
    expect(await tell(socket, 'ping')).toEqual({ event: 'ping', data: 'pong' });
    socket.close();
  });
});

describe('gateways of socket.io on Nest 11', () => {
  const connect = (port: number, token?: string) =>
    io(`http://127.0.0.1:${String(port)}`, {
      ...{ path: '/chat', transports: ['websocket'], reconnection: false, forceNew: true },
      ...(token === undefined ? {} : { auth: { token } }),
    });

  it('refuse the connection without a token, and call no handler', async () => {
    const socket = connect(await open(ChatGateway, IoAdapter));
    const error = await new Promise<Error & { data?: unknown }>((resolve) => {
      socket.once('connect_error', resolve);
    });
    expect(error.data).toEqual(missing);
    expect(connected).toEqual([]);
    socket.close();
  });

  it('know the principal at the connection, and judge each message', async () => {
    const port = await open(ChatGateway, IoAdapter);
    const socket = connect(port, (await bearer({ sub: 'ada', scope: 'chat:read' })).slice('Bearer '.length));
    await new Promise<void>((resolve) => {
      socket.once('connect', resolve);
    });
    const answer = (event: string) => new Promise((resolve) => socket.once(event, resolve));
    const whoami = answer('whoami');
    socket.emit('whoami');
    expect(await whoami).toBe('ada');
    const exception = answer('exception');
    socket.emit('post');
    expect(await exception).toEqual(insufficient);
    expect([connected, handled]).toEqual([['ada'], []]);
    socket.close();
  });
});

describe('the start of gateways on Nest 11', () => {
  it.each([
    ['ws', WsAdapter],
    ['socket.io', IoAdapter],
  ])('ends where the global guard would not see their messages, with %s', async (_case, adapter) => {
    await expect(open(UnguardedGateway, adapter)).rejects.toMatchObject({
      name: 'SetupError',
      option: 'UnguardedGateway.whoami',
      remedy: 'Put @UseGuards(AssayGuard) on UnguardedGateway.',
    });
  });

  it('reports connections and messages', async () => {
    await open(ChatGateway, WsAdapter);
    const rows = app?.get(AssayReport).report() ?? [];
    expect(rows.map(({ method, path, access }) => `${method} ${path} ${access}`)).toEqual([
      'CONNECT /chat protected',
      'WS whoami protected',
      'WS post protected',
    ]);
  });
});
