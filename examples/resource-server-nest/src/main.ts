import 'reflect-metadata';
import { createResourceServer, isAssayError } from '@assay/core';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

/** Starts the orders API with the settings in ISSUER, AUDIENCE and PORT. */
const {
  ISSUER: issuer = 'http://127.0.0.1:4100',
  PORT: port = '4101',
  AUDIENCE: audience = `http://127.0.0.1:${port}`,
} = process.env;

try {
  const resourceServer = createResourceServer({
    issuer,
    audience,
    metadata: { scopesSupported: ['orders:read', 'orders:write'] },
    allowInsecureLoopback: true,
  });
  await resourceServer.ready();
  const app = await NestFactory.create(AppModule.for(resourceServer), {
    logger: ['error', 'warn'],
    abortOnError: false,
    // What Nest logs of a failed start would stand beside the sentence below.
    bufferLogs: true,
    autoFlushLogs: false,
  });
  await app.listen(Number(port), '127.0.0.1');
  app.flushLogs();
  console.log(`orders API (NestJS) listening on http://127.0.0.1:${port}, audience ${audience}`);
} catch (error) {
  console.error(`orders API: ${explain(error)}`);
  process.exit(1);
}

function explain(error: unknown): string {
  if ((error as { code?: unknown }).code === 'EADDRINUSE')
    return `port ${port} is taken. Set another with PORT.`;
  if (isAssayError(error) && error.code === 'service.keys-unavailable')
    return `${issuer} does not give its keys. Start it first, or set another with ISSUER.`;
  return error instanceof Error ? error.message : String(error);
}
