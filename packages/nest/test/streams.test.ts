import { once } from 'node:events';
import { get as httpGet, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Sse, UseGuards, type INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inMemoryRevocations, type WritableRevocationStore } from '@assay/core';
import { AssayGuard, AssayModule } from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { NEVER, startWith, type Observable } from 'rxjs';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { platforms } from './platforms.js';

const now = () => Date.now() / 1000;

@Controller('orders')
class OrdersController {
  @Sse('events')
  events(): Observable<{ data: string }> {
    return NEVER.pipe(startWith({ data: 'begun' }));
  }
}

@WebSocketGateway({ path: '/chat' })
@UseGuards(AssayGuard)
class ChatGateway {
  @SubscribeMessage('ping')
  ping() {
    return { event: 'pong', data: 'pong' };
  }
}

describe.each(platforms)('what outlives its request on %s', (_platform, start) => {
  let tokens: TokenBuilder;
  let revocations: WritableRevocationStore;
  let app: INestApplication<Server>;

  async function startWithAdapter(adapter?: (app: INestApplication) => object): Promise<number> {
    tokens = await createTokenBuilder();
    revocations = inMemoryRevocations();
    app = await start(
      {
        imports: [
          AssayModule.forRoot({
            issuer: tokens.issuer,
            audience: tokens.audience,
            keys: tokens.jwks,
            leewaySeconds: 0,
            revocations,
          }),
        ],
        controllers: [OrdersController],
        providers: adapter === undefined ? [] : [ChatGateway],
      },
      adapter === undefined
        ? {}
        : { configure: (made) => void made.useWebSocketAdapter(adapter(made) as never) },
    );
    await app.listen(0, '127.0.0.1');
    return (app.getHttpServer().address() as AddressInfo).port;
  }
  afterEach(() => app.close());

  describe('streams of events', () => {
    it('end with the token, and say why', async () => {
      const port = await startWithAdapter();
      const authorization = `Bearer ${tokens.accessToken({ exp: now() + 0.6 })}`;
      const sent = httpGet({ port, host: '127.0.0.1', path: '/orders/events', headers: { authorization } });
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      await once(answer, 'end');
      expect(body).toContain('data: begun');
      expect(body).toContain(
        'event: error\ndata: {"error":"invalid_token","error_description":"The token has expired."}\n\n',
      );
    });
  });

  describe('connections of ws', () => {
    let port: number;
    beforeEach(async () => {
      port = await startWithAdapter((made) => new WsAdapter(made));
    });

    async function connect(
      claims: Record<string, unknown>,
    ): Promise<{ closed: Promise<readonly [number, string]> }> {
      const client = new WebSocket(`ws://127.0.0.1:${String(port)}/chat`, {
        headers: { authorization: `Bearer ${tokens.accessToken(claims)}` },
      });
      const closed = once(client, 'close').then(
        ([code, reason]) => [code as number, String(reason)] as const,
      );
      await once(client, 'open');
      return { closed };
    }

    it('are closed when the token expires', async () => {
      const { closed } = await connect({ exp: now() + 0.8 });
      expect(await closed).toEqual([1008, 'The token has expired.']);
    });

    it('are closed when the token is revoked', async () => {
      const { closed } = await connect({ jti: 'revoked' });
      await revocations.revoke({ issuer: tokens.issuer, tokenId: 'revoked', expiresAt: now() + 300 });
      const [code, reason] = await closed;
      expect(code).toBe(1008);
      expect(reason).not.toBe('');
    });
  });

  describe('connections of socket.io', () => {
    it('are told why, and disconnected, when the token expires', async () => {
      const port = await startWithAdapter((made) => new IoAdapter(made));
      const socket = io(`http://127.0.0.1:${String(port)}`, {
        path: '/chat',
        transports: ['websocket'],
        reconnection: false,
        auth: { token: tokens.accessToken({ exp: now() + 0.8 }) },
      });
      const told = new Promise((resolve) => socket.once('exception', resolve));
      const disconnected = new Promise((resolve) => socket.once('disconnect', resolve));
      expect(await told).toEqual({ error: 'invalid_token', error_description: 'The token has expired.' });
      expect(await disconnected).toBe('io server disconnect');
      socket.close();
    });
  });
});
