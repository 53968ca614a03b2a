import type { ServerResponse } from 'node:http';

/** Node's own response: Express extends it, Fastify wraps it. `undefined` for what is no response over HTTP. */
export function nodeResponseOf(value: unknown): ServerResponse | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { raw = value } = value as { readonly raw?: unknown };
  const isResponse = typeof raw === 'object' && raw !== null && 'writeHead' in raw && 'setHeader' in raw;
  return isResponse ? (raw as ServerResponse) : undefined;
}
