import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { redisStores } from '@assay/redis';
import { singleClients } from './support/clients.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import { startRedis, type RedisServer } from './support/redis-server.js';

const count = 500;

interface Gains {
  readonly used: readonly string[];
  readonly taken: readonly unknown[];
}

/** A process of its own, which waits to be told to go. */
class Racer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(clientName: string, { port }: RedisServer) {
    const support = (file: string) => fileURLToPath(new URL(`support/${file}`, import.meta.url));
    this.#child = spawn(process.execPath, [
      '--import',
      support('run-typescript.mjs'),
      support('racer.ts'),
      clientName,
      String(port),
      String(count),
    ]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async isReady(): Promise<boolean> {
    return (await this.#lines.next()).value === 'ready';
  }

  async go(): Promise<Gains> {
    this.#child.stdin.write('go\n');
    const { value } = (await this.#lines.next()) as { value: string };
    return JSON.parse(value) as Gains;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

describeWithRedis('two processes that race on one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it.each([
    ['node-redis', 'node-redis'],
    ['ioredis', 'ioredis'],
    ['node-redis', 'ioredis'],
  ])('win each thing and each record exactly once, with %s and %s', async (...clientNames) => {
    await server.command('flushall');
    await putRecords(server);
    const racers = clientNames.map((name) => new Racer(name, server));
    try {
      expect(await Promise.all(racers.map((racer) => racer.isReady()))).toEqual([true, true]);
      const gains = await Promise.all(racers.map((racer) => racer.go()));

      for (let id = 0; id < count; id++) {
        expect(gains.map(({ used }) => used[id]).sort()).toEqual(['replayed', 'reserved']);
        expect(
          gains.map(({ taken }) => taken[id]).filter((value) => value !== undefined && value !== null),
        ).toEqual([id]);
      }
    } finally {
      for (const racer of racers) racer.stop();
    }
  });
});

async function putRecords(server: RedisServer): Promise<void> {
  const open = singleClients['node-redis'];
  if (open === undefined) throw new Error('there is no such client');
  const { client, close } = await open(server);
  const { records } = redisStores(client, { timeoutMs: 20_000 });
  const expiresAt = Math.floor(Date.now() / 1000) + 300;
  const puts = Array.from({ length: count }, (_, id) =>
    records.put({ purpose: 'race', scope: ['client'], id: String(id), value: id, expiresAt }),
  );
  await Promise.all(puts);
  await close();
}
