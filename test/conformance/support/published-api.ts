import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Logger, Module, VersioningType, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { createResourceServer, type ResourceServer, type ResourceServerOptions } from '@assay/core';
import { protect, protectedResourceMetadata, requireAudience, requireScope } from '@assay/express';
import { AssayModule, Audience, RequireScope } from '@assay/nest';
import express from 'express';
import { exchange, type RawAnswer, type RawRequest } from './raw-http.js';

export const publishedPlatforms = ['Express', 'Nest on Express', 'Nest on Fastify'] as const;
export type PublishedPlatform = (typeof publishedPlatforms)[number];

/** The audiences of `/v1/…` and `/v2/…`, where a suite has them. */
export const firstVersion = 'https://api.example/v1';
export const secondVersion = 'https://api.example/v2';

/**
 * An API that publishes its metadata, on a real server, with everything behind it closed: `/orders`, `/v1/orders` and
 * `/v2/orders` need a token, `/scoped` the scope `orders:read`, `/narrowed` the audience of the second version.
 */
export interface PublishedApi {
  readonly resourceServer: ResourceServer;
  readonly send: (request: RawRequest) => Promise<RawAnswer>;
}

const running: (() => Promise<unknown>)[] = [];

/** Starts an API on a free loopback port. `closePublishedApis` stops it. */
export async function startPublishedApi(
  platform: PublishedPlatform,
  settings: ResourceServerOptions,
): Promise<PublishedApi> {
  const resourceServer = createResourceServer(settings);
  const server = await starters[platform](resourceServer);
  const { port } = server.address() as AddressInfo;
  return { resourceServer, send: (request) => exchange(port, request) };
}

/** Stops every API that was started. For `afterAll`. */
export async function closePublishedApis(): Promise<void> {
  await Promise.all(running.splice(0).map((close) => close()));
}

const starters: Readonly<Record<PublishedPlatform, (resourceServer: ResourceServer) => Promise<Server>>> = {
  Express: startExpress,
  'Nest on Express': (resourceServer) => startNest(resourceServer, 'express'),
  'Nest on Fastify': (resourceServer) => startNest(resourceServer, 'fastify'),
};

async function startExpress(resourceServer: ResourceServer): Promise<Server> {
  const app = express();
  if (resourceServer.metadataUrls.length > 0) app.use(protectedResourceMetadata(resourceServer));
  app.use(protect(resourceServer));
  app.get(['/orders', '/v1/orders', '/v2/orders'], (_request, response) => {
    response.json({});
  });
  app.get('/scoped', requireScope('orders:read'), (_request, response) => {
    response.json({});
  });
  app.get('/narrowed', requireAudience(secondVersion), (_request, response) => {
    response.json({});
  });
  return listening(createServer(app as RequestListener));
}

/** With a global prefix and versions, neither of which has to do with a well-known path. */
async function startNest(resourceServer: ResourceServer, platform: 'express' | 'fastify'): Promise<Server> {
  @Controller({ path: '', version: '1' })
  class FirstController {
    @Get('orders')
    orders() {
      return {};
    }
  }

  @Controller({ path: '', version: '2' })
  class SecondController {
    @Get('orders')
    orders() {
      return {};
    }
  }

  @Controller()
  class OrdersController {
    @Get('orders')
    orders() {
      return {};
    }

    @Get('scoped')
    @RequireScope('orders:read')
    scoped() {
      return {};
    }
  }

  @Controller()
  class NarrowedController {
    @Get('narrowed')
    @Audience(secondVersion)
    narrowed() {
      return {};
    }
  }

  @Module({
    imports: [AssayModule.forRoot(resourceServer)],
    controllers: [
      FirstController,
      SecondController,
      OrdersController,
      ...(resourceServer.audiences.includes(secondVersion) ? [NarrowedController] : []),
    ],
  })
  class AppModule {}

  Logger.overrideLogger(false);
  const app: INestApplication =
    platform === 'express'
      ? await NestFactory.create(AppModule)
      : await NestFactory.create(AppModule, new FastifyAdapter());
  app.setGlobalPrefix('api', { exclude: ['orders', 'v1/orders', 'v2/orders', 'scoped', 'narrowed'] });
  app.enableVersioning({ type: VersioningType.URI });
  await app.listen(0, '127.0.0.1');
  running.push(() => app.close());
  return app.getHttpServer() as Server;
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return server;
}
