import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@assay/core';
import { redisStores, RedisStoreError, type RedisStores, type RedisStoresOptions } from '@assay/redis';
import { assertion, tokenEndpoint } from '../../core/test/authorization-server/support/token-endpoint.js';
import { clusterClients, singleClients, type OpenClient } from './support/clients.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import { startRedis, startRedisCluster, type RedisServer } from './support/redis-server.js';
import { nowSeconds, record, recordKey, thing } from './support/things.js';

// With `everysec`, Redis may answer up to two seconds before it has written anything.
const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describeWithRedis('when Redis is killed and comes back', () => {
  describe.each(Object.entries(singleClients))('the stores with %s', (_name, open) => {
    const start = (...settings: string[]) => startWith(open, settings);

    it('refuse meanwhile, in bounded time', async () => {
      const { server, stores } = await start();
      await server.kill();
      const startedAt = Date.now();
      const failures = await Promise.all([
        problemOf(stores.singleUse.reserve(thing('a'))),
        problemOf(stores.records.put(record('a'))),
        problemOf(stores.records.get(recordKey('a'))),
        problemOf(stores.records.take(recordKey('a'))),
        problemOf(stores.ready()),
      ]);
      expect(Date.now() - startedAt).toBeLessThan(timeoutMs * 10);
      for (const problem of failures) expect(['timeout', 'failed']).toContain(problem);
    });

    it('work again afterwards, and let nothing in twice', async () => {
      const { server, stores, otherStores } = await start(...durable);
      await usesOf(stores, ['before-1', 'before-2']);
      await stores.records.put(record('kept'));
      await stores.records.put(record('taken'));
      await stores.records.take(recordKey('taken'));

      await server.kill();
      await problemOf(stores.singleUse.reserve(thing('meanwhile')));
      await server.start();
      await backAgain(stores);
      await backAgain(otherStores);

      // Another instance, which knows nothing of its own.
      expect(await otherStores.singleUse.reserve(thing('before-1'))).toBe('replayed');
      expect(await stores.singleUse.reserve(thing('before-2'))).toBe('replayed');
      expect(await stores.records.take(recordKey('taken'))).toBeUndefined();
      expect(await otherStores.records.take(recordKey('kept'))).toEqual({ for: 'kept' });
      expect(await stores.records.take(recordKey('kept'))).toBeUndefined();
      expect(await stores.singleUse.reserve(thing('after'))).toBe('reserved');
      expect(await otherStores.singleUse.reserve(thing('after'))).toBe('replayed');
    });

    it('let a thing in at most once that was asked for again and again all the while', async () => {
      const { server, stores, otherStores } = await start(...durable);
      const proof = thing('proof');
      let isOver = false;
      const answers: string[] = [];
      const insistent = [stores, otherStores].map(async ({ singleUse }) => {
        while (!isOver) answers.push(await singleUse.reserve(proof).catch(() => 'refused'));
      });
      for (let round = 0; round < 3; round++) {
        await pause(50);
        await server.kill();
        await pause(timeoutMs * 1.5);
        await server.start();
        await backAgain(stores);
      }
      isOver = true;
      await Promise.all(insistent);
      // None where the very first answer came too late: it counts as used then, and nobody is let in.
      expect(answers.filter((answer) => answer === 'reserved').length).toBeLessThanOrEqual(1);
      expect(answers).toContain('replayed');
      expect(answers).toContain('refused');
    });

    it('let nothing in again that they let in themselves, though Redis comes back empty', async () => {
      const { server, stores } = await start();
      const proof = thing('before');
      expect(await stores.singleUse.reserve(proof)).toBe('reserved');
      await server.kill();
      await server.start();
      await backAgain(stores);
      expect(await stores.singleUse.reserve(proof)).toBe('replayed');
      expect(await stores.singleUse.reserve(thing('after'))).toBe('reserved');
    });

    it('count a thing as used that was reserved when nobody waited any more', async () => {
      const { server, stores, otherStores } = await start();
      // From now on Redis knows the script.
      await usesOf(stores, ['early']);
      server.pause();
      const proof = thing('late');
      expect(await problemOf(stores.singleUse.reserve(proof))).toBe('timeout');
      server.resume();
      await backAgain(stores);
      // The command was on its way when the caller gave up, and Redis has carried it out.
      expect(await stores.singleUse.reserve(proof)).toBe('replayed');
      expect(await otherStores.singleUse.reserve(proof)).toBe('replayed');
    });

    it('end a call that Redis never answers', async () => {
      const { server, stores } = await start();
      server.pause();
      const startedAt = performance.now();
      expect(await problemOf(stores.singleUse.reserve(thing('a')))).toBe('timeout');
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(timeoutMs - 5);
    });

    it('make a token endpoint answer 503 meanwhile, and refuse the replay afterwards', async () => {
      const { server, stores } = await start(...durable);
      const endpoint = tokenEndpoint({ stores, clock: systemClock });
      const now = Math.floor(nowSeconds());
      const fresh = () => assertion({ iat: now, exp: now + 60 });
      const usedBefore = fresh();
      const sentMeanwhile = fresh();
      expect((await endpoint.grant(usedBefore)).status).toBe(200);

      await server.kill();
      for (const jwt of [sentMeanwhile, usedBefore]) {
        expect(await endpoint.grant(jwt)).toMatchObject({
          status: 503,
          code: 'service.single-use-store-unavailable',
          headers: { 'Retry-After': expect.any(String) },
          body: { error: 'temporarily_unavailable' },
        });
      }

      await server.start();
      await backAgain(stores);
      expect(await endpoint.grant(usedBefore)).toMatchObject({ status: 400, code: 'grant.replayed' });
      expect((await endpoint.grant(fresh())).status).toBe(200);
    });
  });

  describe.each(Object.entries(clusterClients))('the stores on Cluster with %s', (_name, open) => {
    it('refuse what a dead master would have to say, and let nothing in twice when it is back', async () => {
      const servers = await startRedisCluster(...durable);
      cleanUps.push(servers.stop);
      const stores = storesOn(await opened(open(servers.nodes)));
      const otherStores = storesOn(await opened(open(servers.nodes)));
      const [node] = servers.nodes;
      if (node === undefined) throw new Error('there is no node');
      // Things of many owners are spread over all masters.
      const proofs = Array.from({ length: 30 }, (_, index) => thing('a', { scope: [String(index)] }));
      for (const proof of proofs) expect(await stores.singleUse.reserve(proof)).toBe('reserved');

      await node.kill();
      const meanwhile = await Promise.all(
        proofs.map((proof) => otherStores.singleUse.reserve(proof).catch(() => 'refused')),
      );
      expect(meanwhile).toContain('refused');
      expect(meanwhile).not.toContain('reserved');

      await node.start();
      await servers.whenWhole();
      for (const proof of proofs) {
        expect(await withPatience(() => otherStores.singleUse.reserve(proof))).toBe('replayed');
      }
    });
  });
});

// Long enough for a busy machine to write to its disk: what is healthy must not run out of time.
const timeoutMs = 1000;

type Open<Servers> = (servers: Servers) => Promise<OpenClient>;

async function opened(opening: Promise<OpenClient>): Promise<OpenClient> {
  const client = await opening;
  cleanUps.push(client.close);
  return client;
}

function storesOn({ client }: OpenClient, options: RedisStoresOptions = {}): RedisStores {
  return redisStores(client, { timeoutMs, ...options });
}

/** A server, and two instances that share it. */
async function startWith(open: Open<RedisServer>, settings: readonly string[]) {
  const server = await startRedis(...settings);
  cleanUps.push(server.stop);
  const stores = storesOn(await opened(open(server)));
  const otherStores = storesOn(await opened(open(server)));
  await stores.ready();
  await otherStores.ready();
  return { server, stores, otherStores };
}

async function usesOf({ singleUse }: RedisStores, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await singleUse.reserve(thing(id))).toBe('reserved');
}

/** Resolves when the stores answer again: a client takes its time to connect. */
async function backAgain(stores: RedisStores): Promise<void> {
  await withPatience(() => stores.records.get(recordKey('nothing')));
}

async function withPatience<Result>(task: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(20);
    }
  }
}

async function problemOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof RedisStoreError ? error.problem : String(error);
}
