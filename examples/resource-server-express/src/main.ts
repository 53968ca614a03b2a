import { createResourceServer, isAssayError } from '@assay/core';
import { createApp } from './app.js';

/** Starts the reports API with the settings in ISSUER, AUDIENCE and PORT. */
const {
  ISSUER: issuer = 'http://127.0.0.1:4100',
  PORT: port = '4102',
  AUDIENCE: audience = `http://127.0.0.1:${port}`,
} = process.env;

try {
  const resourceServer = createResourceServer({
    issuer,
    audience,
    metadata: { scopesSupported: ['reports:read', 'reports:write'] },
    allowInsecureLoopback: true,
  });
  await resourceServer.ready();
  createApp(resourceServer).listen(Number(port), '127.0.0.1', (error) => {
    if (error !== undefined) fail(error);
    console.log(`reports API (Express) listening on http://127.0.0.1:${port}, audience ${audience}`);
  });
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  console.error(`reports API: ${explain(error)}`);
  process.exit(1);
}

function explain(error: unknown): string {
  if ((error as { code?: unknown }).code === 'EADDRINUSE')
    return `port ${port} is taken. Set another with PORT.`;
  if (isAssayError(error) && error.code === 'service.keys-unavailable')
    return `${issuer} does not give its keys. Start it first, or set another with ISSUER.`;
  return error instanceof Error ? error.message : String(error);
}
