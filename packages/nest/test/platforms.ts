// The platforms that every behavioural suite runs on, and how a suite starts an application on one.
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';

/** What a suite changes before the application starts. */
export interface StartOptions {
  /** Where Nest's `Logger` writes to. Default: nowhere. */
  readonly logger?: LoggerService;
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly configure?: (app: INestApplication) => void;
}

/** Starts an application with these modules, controllers and providers. */
export type Start = (metadata: ModuleMetadata, options?: StartOptions) => Promise<INestApplication>;

const nothing = () => undefined;
const silent: LoggerService = { log: nothing, error: nothing, warn: nothing };

const compiled = (
  metadata: ModuleMetadata,
  { override, logger = silent }: StartOptions,
): Promise<TestingModule> => {
  const builder = Test.createTestingModule(metadata).setLogger(logger);
  return (override?.(builder) ?? builder).compile();
};

const startExpress: Start = async (metadata, options = {}) => {
  const app = (await compiled(metadata, options)).createNestApplication<NestExpressApplication>();
  options.configure?.(app);
  return app.init();
};

const startFastify: Start = async (metadata, options = {}) => {
  const app = (await compiled(metadata, options)).createNestApplication<NestFastifyApplication>(
    new FastifyAdapter(),
  );
  options.configure?.(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
};

export const platforms = [
  ['Express', startExpress],
  ['Fastify', startFastify],
] as const satisfies (readonly [string, Start])[];
