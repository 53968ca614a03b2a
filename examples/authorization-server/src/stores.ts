import { inMemoryStores, SetupError, type Stores } from '@assay/core';
import { redisStores, RedisStoreError } from '@assay/redis';
import { createClient } from 'redis';
import { ConfigError } from './config.js';

/** What the server remembers, and where. */
export interface OpenStores {
  readonly stores: Stores;
  /** As the line at start says it; nothing for stores in memory. */
  readonly place: string;
  readonly close: () => void;
}

/**
 * Stores on the Redis that REDIS_URL names, which every instance shares that is given the same; without one, stores in
 * the memory of this process. `warn` is told what an operator should know, now and later.
 *
 * Throws: `ConfigError` when the Redis cannot be used. No message holds the address, which may hold a password.
 */
export async function openStores(redisUrl = '', warn: (sentence: string) => void): Promise<OpenStores> {
  if (redisUrl === '') return { stores: inMemoryStores(), place: '', close: () => undefined };
  const client = clientFor(redisUrl);
  try {
    await client.connect();
    const stores = redisStores(client);
    const { warnings } = await stores.ready();
    warnings.forEach(warn);
    tellOutages(client, warn);
    const close = () => {
      client.destroy();
    };
    return { stores, place: ', stores on Redis', close };
  } catch (error) {
    if (client.isOpen) client.destroy();
    if (error instanceof SetupError) throw error;
    throw new ConfigError(
      `The Redis at REDIS_URL cannot be used (${reasonOf(error)}). Start it or mend the address, or leave REDIS_URL unset for stores in memory.`,
    );
  }
}

function clientFor(redisUrl: string) {
  if (!isRedisUrl(redisUrl)) {
    throw new ConfigError(
      'REDIS_URL is no redis:// or rediss:// address. Give one such as redis://127.0.0.1:6379, or leave it unset for stores in memory.',
    );
  }
  let wasConnected = false;
  // A wrong address shows at start; later on, Redis may be away for a while.
  const reconnectStrategy = (retries: number) => (wasConnected ? Math.min(retries * 100, 2000) : false);
  const client = createClient({ url: redisUrl, socket: { connectTimeout: 5000, reconnectStrategy } });
  client.once('ready', () => {
    wasConnected = true;
  });
  // Without a listener, an outage of Redis would end the process.
  client.on('error', () => undefined);
  return client;
}

/** Says once that Redis is away, and once that it is back. */
function tellOutages(client: ReturnType<typeof clientFor>, warn: (sentence: string) => void): void {
  let isAway = false;
  client.on('error', (error) => {
    if (!isAway) warn(`Redis cannot be reached (${reasonOf(error)}); what needs it is answered 503.`);
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) warn('Redis is back.');
    isAway = false;
  });
}

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && ['redis:', 'rediss:'].includes(new URL(text).protocol);
}

/** What went wrong, in words that hold no address: the code of a system error, or of Redis's answer. */
function reasonOf(error: unknown): string {
  if (error instanceof RedisStoreError) return error.message;
  const { code, message = '' } = error as { code?: unknown; message?: string };
  return typeof code === 'string' ? code : (/^[A-Z]+\b/.exec(message)?.[0] ?? 'no answer');
}
