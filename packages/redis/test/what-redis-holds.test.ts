import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisStores, type RedisStores, type RedisStoresOptions } from '@assay/redis';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { clusterClients, singleClients } from './support/clients.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import { startRedis, startRedisCluster, type RedisServer } from './support/redis-server.js';
import { nowSeconds, record, recordKey, thing } from './support/things.js';

const secrets = ['proof-id-1', 'record-id-1', 'dpop-proof', 'thumbprint', 'https://api.example'];

describeWithRedis('what Redis holds', () => {
  let server: RedisServer;
  const closings: (() => unknown)[] = [];
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis({ port: server.port });
  });
  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });
  beforeEach(() => client.flushall());
  afterEach(async () => {
    for (const close of closings.splice(0)) await close();
  });

  const storesWith = (options: RedisStoresOptions = {}) => redisStores(client, options);

  describe('for what is single use', () => {
    it('is one set for each owner, under the prefix and a digest of one size, with digests in it', async () => {
      const { singleUse } = storesWith({ keyPrefix: 'shop:' });
      const long = 'x'.repeat(10_000);
      await singleUse.reserve(thing('proof-id-1'));
      await singleUse.reserve(thing('proof-id-2'));
      await singleUse.reserve(thing(long, { scope: [long], purpose: long }));
      const keys = await client.keys('*');
      expect(keys).toHaveLength(2);
      for (const key of keys) expect(key).toMatch(/^shop:used:\{[\w-]{43}\}$/);
      const members = (await Promise.all(keys.map((key) => client.zrange(key, '0', '-1')))).flat();
      expect(members).toHaveLength(3);
      for (const member of members) expect(member).toMatch(/^[\w-]{43}$/);
    });

    it('lasts as long after the expiry as clocks may differ, and then goes by itself', async () => {
      const { singleUse } = storesWith({ maximumClockDifferenceSeconds: 30 });
      await singleUse.reserve(thing('a', { expiresAt: nowSeconds() + 100 }));
      await expectLifetime(130);
      // What expires sooner does not shorten the life of the rest.
      await singleUse.reserve(thing('b', { expiresAt: nowSeconds() + 10 }));
      await expectLifetime(130);
      await singleUse.reserve(thing('c', { expiresAt: nowSeconds() + 200 }));
      await expectLifetime(230);
    });

    async function expectLifetime(seconds: number): Promise<void> {
      const [key = ''] = await client.keys('*');
      const lifetimeMs = await client.pttl(key);
      expect(lifetimeMs).toBeLessThanOrEqual(seconds * 1000);
      expect(lifetimeMs).toBeGreaterThan((seconds - 20) * 1000);
    }

    it('is not let go before the clocks that may be behind are past it', async () => {
      const { singleUse } = storesWith({ maximumClockDifferenceSeconds: 30 });
      // An instance whose clock is 20 seconds behind still takes what Redis holds for expired.
      const proof = thing('a', { expiresAt: nowSeconds() - 20 });
      expect(await singleUse.reserve(proof)).toBe('reserved');
      expect(await storesWith({ maximumClockDifferenceSeconds: 30 }).singleUse.reserve(proof)).toBe(
        'replayed',
      );
    });

    it('is nothing for a thing that expired longer ago than clocks may differ', async () => {
      const stores = storesWith({ maximumClockDifferenceSeconds: 30 });
      const expiresAt = nowSeconds() - 31;
      for (const call of [
        stores.singleUse.reserve(thing('a', { expiresAt })),
        stores.records.put(record('a', { expiresAt })),
      ]) {
        await expect(call).rejects.toMatchObject({
          problem: 'expired',
          message: 'the expiry is past by the clock of Redis',
        });
      }
      expect(await client.dbsize()).toBe(0);
    });
  });

  describe('for records', () => {
    it('is their JSON under a digest, beside a set of digests, and nothing of their names', async () => {
      const { records } = storesWith();
      const expiresAt = Math.ceil(nowSeconds()) + 100;
      await records.put(record('record-id-1', { value: { scope: 'read' }, expiresAt }));
      const keys = (await client.keys('*')).sort();
      expect(keys).toEqual([
        expect.stringMatching(/^assay:record:\{([\w-]{43})\}:[\w-]{43}$/),
        expect.stringMatching(/^assay:records:\{([\w-]{43})\}$/),
      ]);
      const [key = '', index = ''] = keys;
      expect(JSON.parse((await client.get(key)) ?? '')).toEqual({ expiresAt, value: { scope: 'read' } });
      expect(await client.zrange(index, '0', '-1')).toEqual([key.slice(-43)]);
      for (const lifetimeMs of [await client.pttl(key), await client.pttl(index)]) {
        expect(lifetimeMs).toBeGreaterThan(140_000);
        expect(lifetimeMs).toBeLessThanOrEqual(161_000);
      }
    });

    it('is gone without a trace when they are taken', async () => {
      const { records } = storesWith();
      await records.put(record('a'));
      await records.take(recordKey('a'));
      expect(await client.dbsize()).toBe(0);
    });
  });

  it('names nobody and nothing', async () => {
    const { singleUse, records } = storesWith();
    await singleUse.reserve(thing('proof-id-1'));
    await records.put(record('record-id-1', { value: 1 }));
    const keys = await client.keys('*');
    const dumps = await Promise.all(keys.map((key) => client.dump(key)));
    for (const text of [...keys, ...dumps]) {
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  it('is apart for stores with different prefixes', async () => {
    const [first, second] = [storesWith({ keyPrefix: 'a:' }), storesWith({ keyPrefix: 'b:' })];
    expect(await first.singleUse.reserve(thing('a'))).toBe('reserved');
    expect(await second.singleUse.reserve(thing('a'))).toBe('reserved');
    await first.records.put(record('a'));
    expect(await second.records.take(recordKey('a'))).toBeUndefined();
  });

  it('is refused, and left as it is, where it is nothing of ours', async () => {
    const stores = storesWith();
    await stores.singleUse.reserve(thing('a'));
    await stores.records.put(record('a'));
    for (const key of await client.keys('*')) {
      await client.del(key);
      await client.hset(key, 'field', 'value');
    }
    for (const call of [
      stores.singleUse.reserve(thing('a')),
      stores.records.put(record('a')),
      stores.records.get(recordKey('a')),
      stores.records.take(recordKey('a')),
    ]) {
      await expect(call).rejects.toMatchObject({ problem: 'failed', detail: 'WRONGTYPE' });
    }
    for (const key of await client.keys('*')) expect(await client.type(key)).toBe('hash');
  });

  it('says who has used up a share', async () => {
    const stores = storesWith({ maximumEntriesPerOwner: 1, maximumRecordsPerOwner: 1 });
    await stores.singleUse.reserve(thing('a'));
    await stores.records.put(record('a'));
    for (const call of [stores.singleUse.reserve(thing('b')), stores.records.put(record('b'))]) {
      await expect(call).rejects.toMatchObject({
        problem: 'share-used-up',
        message: 'this owner has used up its share of the store',
      });
    }
  });

  it('is read anew when Redis has forgotten the scripts', async () => {
    const stores = storesWith();
    await stores.singleUse.reserve(thing('a'));
    await client.script('FLUSH');
    expect(await stores.singleUse.reserve(thing('a'))).toBe('replayed');
  });

  it('stays when memory is short, and what is new is refused', async () => {
    const stores = storesWith();
    const proof = thing('a');
    await stores.singleUse.reserve(proof);
    await stores.records.put(record('a'));
    await client.config('SET', 'maxmemory', '1');
    try {
      const refusals = [
        stores.singleUse.reserve(thing('b', { scope: ['another'] })),
        stores.records.put(record('b')),
      ];
      for (const call of refusals) {
        await expect(call).rejects.toMatchObject({ problem: 'failed', detail: 'OOM' });
      }
      expect(await storesWith().singleUse.reserve(proof)).toBe('replayed');
      expect(await stores.records.get(recordKey('b'))).toBeUndefined();
      expect(await stores.records.take(recordKey('a'))).toEqual({ for: 'a' });
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });

  describe('is the same for a client that', () => {
    const open: Record<string, () => Promise<RedisStores>> = {
      async 'is node-redis and returns bytes'() {
        const bytes = createClient({ url: server.url }).withTypeMapping({
          [RESP_TYPES.BLOB_STRING]: Buffer,
          [RESP_TYPES.VERBATIM_STRING]: Buffer,
        });
        await bytes.connect();
        closings.push(() => {
          bytes.destroy();
        });
        return redisStores(bytes);
      },
      async 'is node-redis and speaks RESP2'() {
        const old = createClient({ url: server.url, RESP: 2 });
        await old.connect();
        closings.push(() => {
          old.destroy();
        });
        return redisStores(old);
      },
      async 'is a pool of node-redis'() {
        const pool = createClientPool({ url: server.url });
        await pool.connect();
        closings.push(() => {
          pool.destroy();
        });
        return redisStores(pool);
      },
      'is ioredis with a prefix of its own'() {
        const prefixed = new Redis({ port: server.port, keyPrefix: 'app:' });
        closings.push(() => {
          prefixed.disconnect();
        });
        return Promise.resolve(redisStores(prefixed));
      },
      'is ioredis and connects at the first command'() {
        const lazy = new Redis({ port: server.port, lazyConnect: true });
        closings.push(() => {
          lazy.disconnect();
        });
        return Promise.resolve(redisStores(lazy));
      },
      'is ioredis and pipelines by itself'() {
        const pipelining = new Redis({ port: server.port, enableAutoPipelining: true, stringNumbers: true });
        closings.push(() => {
          pipelining.disconnect();
        });
        return Promise.resolve(redisStores(pipelining));
      },
    };

    it.each(Object.entries(open))('%s', async (_which, openStores) => {
      const { singleUse, records, ready } = await openStores();
      await ready();
      expect(await singleUse.reserve(thing('a'))).toBe('reserved');
      expect(await singleUse.reserve(thing('a'))).toBe('replayed');
      await records.put(record('a', { value: 'é' }));
      expect(await records.get(recordKey('a'))).toBe('é');
      expect(await records.take(recordKey('a'))).toBe('é');
      expect(await records.take(recordKey('a'))).toBeUndefined();
    });
  });

  it('does not become known to a client that was never connected, or is closed', async () => {
    const unconnected = createClient({ url: server.url });
    await expect(redisStores(unconnected).ready()).rejects.toMatchObject({
      problem: 'failed',
      detail: 'ClientClosedError',
    });
    const closed = new Redis({ port: server.port });
    await closed.quit();
    await expect(redisStores(closed).ready()).rejects.toMatchObject({ problem: 'failed' });
  });

  it('is the same for both kinds of client', async () => {
    const stores: RedisStores[] = [];
    for (const open of Object.values(singleClients)) {
      const opened = await open(server);
      closings.push(opened.close);
      stores.push(redisStores(opened.client));
    }
    const [first, second] = stores;
    expect(await first?.singleUse.reserve(thing('a'))).toBe('reserved');
    expect(await second?.singleUse.reserve(thing('a'))).toBe('replayed');
    await second?.records.put(record('a'));
    expect(await first?.records.take(recordKey('a'))).toEqual({ for: 'a' });
    expect(await second?.records.take(recordKey('a'))).toBeUndefined();
  });
});

describeWithRedis('what Redis Cluster holds', () => {
  it('is spread over the masters by owner, all of one owner in one place, for both kinds of client', async () => {
    const servers = await startRedisCluster();
    const opened = await Promise.all(Object.values(clusterClients).map((open) => open(servers.nodes)));
    const prefixed = new Cluster(
      servers.nodes.map(({ port }) => ({ port, host: '127.0.0.1' })),
      { keyPrefix: 'app:', scaleReads: 'all' },
    );
    try {
      const stores = [...opened.map(({ client }) => redisStores(client)), redisStores(prefixed)];
      const owners = Array.from({ length: 60 }, (_, index) => ({ scope: [String(index)] }));
      for (const [index, owner] of owners.entries()) {
        const turn = stores[index % stores.length];
        expect(await turn?.singleUse.reserve(thing('a', owner))).toBe('reserved');
        expect(await turn?.singleUse.reserve(thing('a', owner))).toBe('replayed');
        await turn?.records.put(record('a', owner));
        expect(await turn?.records.take({ ...recordKey('a'), ...owner })).toEqual({ for: 'a' });
      }
      const sizes = await Promise.all(servers.nodes.map((node) => node.command('dbsize')));
      expect(sizes.reduce((sum, size) => sum + Number(size), 0)).toBe(60);
      for (const size of sizes) expect(Number(size)).toBeGreaterThan(0);
    } finally {
      prefixed.disconnect();
      for (const { close } of opened) await close();
      await servers.stop();
    }
  });
});
