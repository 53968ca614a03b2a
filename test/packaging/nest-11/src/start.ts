// How a suite starts an application whose resource server takes the tokens of a builder.
import 'reflect-metadata';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AssayModule, type AssayModuleExtras } from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';

export type Configure = (app: INestApplication) => void;

/** Keys are made once for a suite: nothing is fetched. */
export const tokens: Promise<TokenBuilder> = createTokenBuilder();

export const bearer = async (claims?: Record<string, unknown>): Promise<string> =>
  `Bearer ${(await tokens).accessToken(claims)}`;

export const challenge = 'Bearer realm="https://api.example"';

const compiled = async ({ imports = [], ...metadata }: ModuleMetadata, extras: AssayModuleExtras) => {
  const { issuer, jwks, audience } = await tokens;
  const assay = AssayModule.forRoot({ issuer: [{ issuer, keys: jwks }], audience, ...extras });
  const nothing = () => undefined;
  return Test.createTestingModule({ imports: [assay, ...imports], ...metadata })
    .setLogger({ log: nothing, error: nothing, warn: nothing })
    .compile();
};

export const createdOnExpress = async (metadata: ModuleMetadata, extras: AssayModuleExtras = {}) =>
  (await compiled(metadata, extras)).createNestApplication<NestExpressApplication>();

export const startedOnExpress = async (
  metadata: ModuleMetadata,
  configure: Configure = () => undefined,
): Promise<NestExpressApplication> => {
  const app = await createdOnExpress(metadata);
  configure(app);
  return app.init();
};

export const startedOnFastify = async (
  metadata: ModuleMetadata,
  configure: Configure = () => undefined,
): Promise<NestFastifyApplication> => {
  const app = (await compiled(metadata, {})).createNestApplication<NestFastifyApplication>(
    new FastifyAdapter(),
  );
  configure(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
};

export const microservice = compiled;
