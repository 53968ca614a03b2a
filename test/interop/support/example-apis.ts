import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import type { ResourceServer } from '@assay/core';
import { createApp } from '../../../examples/resource-server-express/src/app.js';
import { AppModule } from '../../../examples/resource-server-nest/src/app.module.js';
import type { ForeignResource } from './foreign-issuer.js';
import { serve, type Service } from './serve.js';

/** One of the two example resource servers, and what its routes need. */
export interface ExampleApi {
  readonly name: string;
  /** The folder of the example. */
  readonly example: string;
  readonly audience: string;
  readonly path: string;
  readonly readScope: string;
  readonly writeScope: string;
  /** How the foreign issuer signs tokens for it. */
  readonly alg: ForeignResource['alg'];
  readonly start: (resourceServer: ResourceServer) => Promise<Service>;
}

export const reportsApi: ExampleApi = {
  name: 'the reports API (Express)',
  example: 'resource-server-express',
  audience: 'https://reports.example',
  path: '/reports',
  readScope: 'reports:read',
  writeScope: 'reports:write',
  alg: 'RS256',
  start: (resourceServer) => serve(() => createApp(resourceServer)),
};

export const ordersApi: ExampleApi = {
  name: 'the orders API (NestJS)',
  example: 'resource-server-nest',
  audience: 'https://orders.example',
  path: '/orders',
  readScope: 'orders:read',
  writeScope: 'orders:write',
  alg: 'ES256',
  async start(resourceServer) {
    const testing = await Test.createTestingModule({ imports: [AppModule.for(resourceServer)] }).compile();
    const app = testing.createNestApplication();
    await app.listen(0, '127.0.0.1');
    const origin = await app.getUrl();
    return { origin, port: Number(new URL(origin).port), close: () => app.close() };
  },
};

/** The resource as an issuer has to know it. */
export function resourceOf({ audience, readScope, writeScope, alg }: ExampleApi): ForeignResource {
  return { resource: audience, scopes: [readScope, writeScope], alg };
}
