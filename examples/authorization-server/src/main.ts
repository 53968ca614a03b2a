import { parseArgs } from 'node:util';
import { createApp, createServer } from './app.js';
import { readConfig } from './config.js';
import { exampleConfig } from './example-config.js';
import { openStores } from './stores.js';

/**
 * Starts the authorization server that `--config FILE` describes, or the one of the example on PORT. What it has to
 * remember is in memory, or on the Redis at REDIS_URL.
 */
try {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  const config =
    values.config === undefined
      ? exampleConfig(Number(process.env['PORT'] ?? 4100))
      : readConfig(values.config);
  const { stores, place } = await openStores(process.env['REDIS_URL'], (sentence) => {
    console.error(`authorization server: ${sentence}`);
  });
  const server = await createServer(config, { stores });
  await server.ready();
  createApp(server).listen(config.port, '127.0.0.1', (error) => {
    if (error !== undefined) fail(error);
    console.log(
      `authorization server listening on http://127.0.0.1:${String(config.port)}, issuer ${config.issuer}${place}`,
    );
  });
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  console.error(`authorization server: ${explain(error)}`);
  process.exit(1);
}

function explain(error: unknown): string {
  const { code, port } = error as { code?: unknown; port?: unknown };
  if (code === 'EADDRINUSE')
    return `port ${String(port)} is taken. Set another: PORT=5100, or port in the config file.`;
  return error instanceof Error ? error.message : String(error);
}
