import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import { fixedClock } from '@assay/testing';
import { redisStores } from '@assay/redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { clusterClients, singleClients, type OpenClient } from './support/clients.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import {
  startRedis,
  startRedisCluster,
  type RedisClusterServers,
  type RedisServer,
} from './support/redis-server.js';
import { record, recordKey, thing } from './support/things.js';

const evictingPolicies = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];
const evicts =
  'maxmemory-policy: Redis evicts keys to make room, and what was used could be used again. ' +
  'Set maxmemory-policy noeviction on every master, or use a Redis of its own for Assay.';

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describeWithRedis('the eviction policy of a single Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  const setPolicy = (policy: string) => server.command('config', 'set', 'maxmemory-policy', policy);
  afterEach(() => setPolicy('noeviction'));

  describe.each(Object.entries(singleClients))('with %s', (_name, open) => {
    let opened: OpenClient;
    beforeAll(async () => {
      opened = await open(server);
    });
    afterAll(() => opened.close());

    it('may be noeviction, with a warning where nothing is kept on disk', async () => {
      const { warnings } = await redisStores(opened.client).ready();
      expect(warnings).toEqual([expect.stringContaining('Redis keeps no append-only file')]);
      await server.command('config', 'set', 'appendonly', 'yes');
      expect(await redisStores(opened.client).ready()).toEqual({ warnings: [] });
      await server.command('config', 'set', 'appendonly', 'no');
    });

    it.each(evictingPolicies)('is a set-up mistake when it is %s', async (policy) => {
      await server.command('flushall');
      await setPolicy(policy);
      const stores = redisStores(opened.client);
      const errors = await Promise.all([
        errorOf(stores.ready()),
        errorOf(stores.singleUse.reserve(thing(policy))),
        errorOf(stores.records.put(record(policy))),
        errorOf(stores.records.get(recordKey(policy))),
        errorOf(stores.records.take(recordKey(policy))),
      ]);
      for (const error of errors) {
        expect(error).toBeInstanceOf(SetupError);
        expect(error).toMatchObject({ option: 'maxmemory-policy', message: evicts });
      }
      expect(await server.command('dbsize')).toBe('0');
    });

    it('is asked for again until it is right, without a restart', async () => {
      await setPolicy('allkeys-lru');
      const stores = redisStores(opened.client);
      const proof = thing(randomUUID());
      expect(await errorOf(stores.singleUse.reserve(proof))).toBeInstanceOf(SetupError);
      await setPolicy('noeviction');
      expect(await stores.singleUse.reserve(proof)).toBe('reserved');
    });

    it('is asked for every minute, beside the calls, and refuses them once it is wrong', async () => {
      const clock = fixedClock();
      const stores = redisStores(opened.client, { clock });
      await stores.ready();
      await setPolicy('allkeys-lru');
      clock.advanceSeconds(59.999);
      const within = await commandsDuring(server, () => stores.records.get(recordKey('a')));
      expect(within).not.toContain('info');
      clock.advanceSeconds(0.001);
      await stores.records.get(recordKey('a')).catch(() => undefined);
      await eventually(async () => {
        expect(await errorOf(stores.records.get(recordKey('a')))).toBeInstanceOf(SetupError);
      });
      await setPolicy('noeviction');
      expect(await stores.records.get(recordKey('a'))).toBeUndefined();
    });

    it('is asked for once by calls that come at once', async () => {
      const stores = redisStores(opened.client);
      const calls = await commandsDuring(server, () =>
        Promise.all(Array.from({ length: 20 }, () => stores.records.get(recordKey('a')))),
      );
      expect(calls.filter((name) => name === 'info')).toHaveLength(1);
      expect(calls.filter((name) => name === 'evalsha')).toHaveLength(20);
    });

    it('is not asked for where somebody has said that it is right', async () => {
      await setPolicy('allkeys-lru');
      const stores = redisStores(opened.client, { checkEvictionPolicy: false });
      const calls = await commandsDuring(server, async () => {
        expect(await stores.ready()).toEqual({ warnings: [] });
        await stores.records.get(recordKey('a'));
      });
      expect(calls).not.toContain('info');
    });
  });

  describe('for a user who may do only what the stores need', () => {
    const permissions =
      '~assay:* +evalsha +eval +time +zremrangebyscore +zscore +zcount +zcard +zadd +zrange +zrem +pexpire +set +get +del +ping';
    beforeAll(async () => {
      const connecting = '+hello +client +select';
      await server.command(
        'acl',
        'setuser',
        'without-info',
        'on',
        '>pass',
        ...split(permissions),
        ...split(connecting),
      );
      await server.command(
        'acl',
        'setuser',
        'with-info',
        'on',
        '>pass',
        ...split(permissions),
        ...split(connecting),
        '+info',
      );
    });

    const clientsOf: Record<string, (username: string) => Promise<OpenClient>> = {
      async 'node-redis'(username) {
        const client = createClient({ url: server.url, username, password: 'pass' });
        await client.connect();
        return {
          client,
          close: closing(() => {
            client.destroy();
          }),
        };
      },
      async ioredis(username) {
        const client = new Redis({ port: server.port, username, password: 'pass', enableReadyCheck: false });
        await client.ping();
        return {
          client,
          close: closing(() => {
            client.disconnect();
          }),
        };
      },
    };

    it.each(Object.entries(clientsOf))('works with %s', async (_name, open) => {
      const { client, close } = await open('with-info');
      const stores = redisStores(client);
      await stores.ready();
      expect(await stores.singleUse.reserve(thing('acl'))).toMatch(/reserved|replayed/);
      await stores.records.put(record('acl'));
      expect(await stores.records.get(recordKey('acl'))).toEqual({ for: 'acl' });
      expect(await stores.records.take(recordKey('acl'))).toEqual({ for: 'acl' });
      await close();
    });

    it.each(Object.entries(clientsOf))(
      'says with %s what to do when the user may not ask',
      async (_name, open) => {
        const { client, close } = await open('without-info');
        expect(await errorOf(redisStores(client).ready())).toMatchObject({
          name: 'SetupError',
          message:
            'maxmemory-policy: Redis does not let this user call INFO. Let the user call INFO; or make sure that it is ' +
            'noeviction yourself, and say checkEvictionPolicy: false.',
        });
        const stores = redisStores(client, { checkEvictionPolicy: false });
        await stores.ready();
        await stores.records.put(record('acl'));
        expect(await stores.records.take(recordKey('acl'))).toEqual({ for: 'acl' });
        await close();
      },
    );
  });
});

describeWithRedis('the eviction policy of Redis Cluster', () => {
  let servers: RedisClusterServers;
  beforeAll(async () => {
    servers = await startRedisCluster();
  });
  afterAll(() => servers.stop());

  describe.each(Object.entries(clusterClients))('with %s', (_name, open) => {
    let opened: OpenClient;
    beforeAll(async () => {
      opened = await open(servers.nodes);
    });
    afterAll(() => opened.close());

    it('may be noeviction on every master', async () => {
      const { warnings } = await redisStores(opened.client).ready();
      expect(warnings).toHaveLength(1);
    });

    it.each([0, 1, 2])('is a set-up mistake when master %i evicts', async (index) => {
      const node = servers.nodes[index];
      await node?.command('config', 'set', 'maxmemory-policy', 'volatile-ttl');
      const error = await errorOf(redisStores(opened.client).ready());
      await node?.command('config', 'set', 'maxmemory-policy', 'noeviction');
      expect(error).toBeInstanceOf(SetupError);
      expect(error).toMatchObject({ message: evicts });
    });
  });
});

/** A close function of a client that closes at once. */
const closing = (close: () => void) => () => Promise.resolve().then(close);

const split = (text: string) => text.split(' ');

/** The names of the commands that clients send to Redis while something is done. */
async function commandsDuring(server: RedisServer, action: () => Promise<unknown>): Promise<string[]> {
  // Not by a client library: theirs mistake what is told for an answer, now and then.
  const monitor = spawn('redis-cli', ['-p', String(server.port), 'monitor']);
  const commands: string[][] = [];
  createInterface(monitor.stdout).on('line', (line) => {
    const [, source = '', command = ''] = /^\S+ \[\d+ ([^\]]+)\] (.*)$/.exec(line) ?? [];
    if (source !== '' && source !== 'lua')
      commands.push(command.split('" "').map((text) => text.replaceAll('"', '')));
  });
  const mark = (text: string) =>
    eventually(async () => {
      await server.command('echo', text);
      expect(commands).toContainEqual(['echo', text]);
    });
  await mark('begin');
  await action();
  await mark('end');
  monitor.kill();
  const begin = commands.findLastIndex(([, text]) => text === 'begin');
  const end = commands.findIndex(([, text]) => text === 'end');
  return commands.slice(begin + 1, end).map(([name = '']) => name.toLowerCase());
}

async function eventually(check: () => void | Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(10);
    }
  }
}
