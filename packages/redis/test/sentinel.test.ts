import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { redisStores } from '@assay/redis';
import { Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { describeWithRedis } from './support/describe-with-redis.js';
import type { OpenClient } from './support/clients.js';
import { sentinelMasterName, startRedis, startSentinel, type RedisServer } from './support/redis-server.js';
import { record, recordKey, thing } from './support/things.js';

describeWithRedis('the stores behind Sentinel', () => {
  let master: RedisServer;
  let sentinel: Awaited<ReturnType<typeof startSentinel>>;
  beforeAll(async () => {
    master = await startRedis();
    sentinel = await startSentinel(master);
  });
  afterAll(async () => {
    await sentinel.stop();
    await master.stop();
  });

  const clients: Record<string, () => Promise<OpenClient>> = {
    async 'node-redis'() {
      const client = createSentinel({
        name: sentinelMasterName,
        sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
      });
      client.on('error', () => undefined);
      await client.connect();
      return { client, close: () => client.close() };
    },
    async ioredis() {
      const client = new Redis({
        name: sentinelMasterName,
        sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      });
      client.on('error', () => undefined);
      await client.ping();
      return {
        client,
        async close() {
          await client.quit();
        },
      };
    },
  };

  it.each(Object.entries(clients))('work with %s, on a master that must not evict', async (name, open) => {
    const { client, close } = await open();
    const { singleUse, records, ready } = redisStores(client);
    await ready();
    expect(await singleUse.reserve(thing(name))).toBe('reserved');
    expect(await singleUse.reserve(thing(name))).toBe('replayed');
    await records.put(record(name));
    expect(await records.get(recordKey(name))).toEqual({ for: name });
    expect(await records.take(recordKey(name))).toEqual({ for: name });
    expect(await records.take(recordKey(name))).toBeUndefined();

    await master.command('config', 'set', 'maxmemory-policy', 'allkeys-lru');
    await expect(redisStores(client).ready()).rejects.toThrow('maxmemory-policy: Redis evicts keys');
    await master.command('config', 'set', 'maxmemory-policy', 'noeviction');
    await close();
  });
});
