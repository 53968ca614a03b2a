import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls';
import { All, Controller, Header, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Principal, ResourceServerOptions } from '@assay/core';
import { principalOf, protect, requireSenderConstraint } from '@assay/express';
import { AssayModule, CurrentPrincipal, RequireSenderConstraint } from '@assay/nest';
import express from 'express';
import type { Certified } from './create-certificate.js';
import { exchange, exchangeOver, type RawAnswer, type RawRequest } from './raw-http.js';

export const senderPlatforms = ['Express', 'Nest on Express', 'Nest on Fastify'] as const;
export type SenderPlatform = (typeof senderPlatforms)[number];

/** How a caller connects over TLS. */
export interface TlsCaller {
  /** The certificate that it presents. Default: none. */
  readonly certified?: Certified | undefined;
  readonly version?: 'TLSv1.2' | 'TLSv1.3';
  /** A session to resume. */
  readonly session?: Buffer | undefined;
}

/** What came of a request over TLS. */
export interface TlsAnswer extends RawAnswer {
  readonly wasResumed: boolean;
  /** The session, for another connection to resume. */
  readonly session: Buffer | undefined;
}

/**
 * One API on a real server. `/orders` answers 200 with the subject; so does `/public`, and calls the answer public; so do
 * `/bound/dpop`, `/bound/mtls` and `/bound/any` to tokens that are bound in this way.
 */
export interface SenderApi {
  readonly port: number;
  /** How often a handler has run. */
  readonly handlerCalls: () => number;
  /** Sends a request over plain HTTP. */
  readonly send: (request: RawRequest) => Promise<RawAnswer>;
  /** Sends a request over a TLS connection of its own. */
  readonly sendAs: (caller: TlsCaller, request: RawRequest) => Promise<TlsAnswer>;
}

const servers: Server[] = [];

/** Starts an API on a free loopback port, over TLS where that is set up. `closeSenderApis` stops it. */
export async function startSenderApi(
  platform: SenderPlatform,
  settings: ResourceServerOptions,
  tls?: TlsOptions,
): Promise<SenderApi> {
  const calls = { count: 0 };
  const server = await starters[platform](settings, { tls, onCall: () => (calls.count += 1) });
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    handlerCalls: () => calls.count,
    send: (request) => exchange(port, request),
    sendAs: (caller, request) => sendOverTls(port, caller, request),
  };
}

/** Stops every API that was started. For `afterAll`. */
export async function closeSenderApis(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}

interface Surroundings {
  readonly tls: TlsOptions | undefined;
  readonly onCall: () => void;
}

const starters: Readonly<
  Record<SenderPlatform, (settings: ResourceServerOptions, surroundings: Surroundings) => Promise<Server>>
> = {
  Express: startExpress,
  'Nest on Express': (settings, surroundings) => startNest(settings, surroundings, 'express'),
  'Nest on Fastify': (settings, surroundings) => startNest(settings, surroundings, 'fastify'),
};

async function startExpress(settings: ResourceServerOptions, { tls, onCall }: Surroundings): Promise<Server> {
  const app = express();
  // What Express believes of proxies is not what counts.
  app.set('trust proxy', true);
  app.use(protect(settings));
  for (const constraint of ['dpop', 'mtls', 'any'] as const) {
    app.all(`/bound/${constraint}`, requireSenderConstraint(constraint));
  }
  app.all(['/orders', '/public', '/bound/:constraint'], (request, response) => {
    onCall();
    if (request.path === '/public') response.set('Cache-Control', 'public, max-age=600');
    response.json({ for: principalOf(request).subject });
  });
  return listening(serverOf(app as RequestListener, tls));
}

async function startNest(
  settings: ResourceServerOptions,
  { tls, onCall }: Surroundings,
  platform: 'express' | 'fastify',
): Promise<Server> {
  @Controller()
  class OrdersController {
    @All('orders')
    orders(@CurrentPrincipal() principal: Principal) {
      onCall();
      return { for: principal.subject };
    }

    @All('public')
    @Header('Cache-Control', 'public, max-age=600')
    shared(@CurrentPrincipal() principal: Principal) {
      onCall();
      return { for: principal.subject };
    }
  }

  @Controller('bound')
  class BoundController {
    @All('dpop')
    @RequireSenderConstraint('dpop')
    dpop(@CurrentPrincipal() principal: Principal) {
      onCall();
      return { for: principal.subject };
    }

    @All('mtls')
    @RequireSenderConstraint('mtls')
    mtls(@CurrentPrincipal() principal: Principal) {
      onCall();
      return { for: principal.subject };
    }

    @All('any')
    @RequireSenderConstraint('any')
    any(@CurrentPrincipal() principal: Principal) {
      onCall();
      return { for: principal.subject };
    }
  }

  @Module({ imports: [AssayModule.forRoot(settings)], controllers: [OrdersController, BoundController] })
  class AppModule {}

  Logger.overrideLogger(false);
  if (platform === 'express') {
    const app = await NestFactory.create(AppModule);
    await app.init();
    return listening(serverOf(app.getHttpAdapter().getInstance() as RequestListener, tls));
  }
  const adapter = new FastifyAdapter({ ...(tls === undefined ? {} : { https: tls }), trustProxy: true });
  const app = await NestFactory.create(AppModule, adapter);
  await app.init();
  await adapter.getInstance().ready();
  return listening(app.getHttpServer() as Server);
}

function serverOf(listener: RequestListener, tls: TlsOptions | undefined): Server {
  return tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function sendOverTls(
  port: number,
  { certified, version, session }: TlsCaller,
  request: RawRequest,
): Promise<TlsAnswer> {
  const identity: ConnectionOptions =
    certified === undefined ? {} : { key: await certified.keyPem(), cert: certified.certificatePem };
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    // What is tested is what the server makes of its clients.
    rejectUnauthorized: false,
    ...identity,
    ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
    ...(session === undefined ? {} : { session }),
  });
  const state: { wasResumed: boolean; session: Buffer | undefined } = {
    wasResumed: false,
    session: undefined,
  };
  socket.once('secureConnect', () => {
    state.wasResumed = socket.isSessionReused();
  });
  // In TLS 1.3 it comes after the handshake, and more than once.
  socket.on('session', (given) => {
    state.session = given;
  });
  return { ...(await exchangeOver(socket, request)), ...state };
}
