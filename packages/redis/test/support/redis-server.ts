import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real redis-server on a port of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Ends it as a crash or the operating system does. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port, with what it has on disk. */
  readonly start: () => Promise<void>;
  /** Stops it from answering, with its connections open, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Runs a command with redis-cli. */
  readonly command: (...args: string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a redis-server that keeps nothing on disk unless the settings say so. */
export async function startRedis(...settings: readonly string[]): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'assay-redis-'));
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const args = [...fixed, '--save', '', '--appendonly', 'no', ...settings];
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = await spawnReady(args);
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${String(port)}`,
    start,
    kill: () => end('SIGKILL'),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    async command(...command) {
      const { stdout } = await run('redis-cli', ['-p', String(port), ...command]);
      return stdout.trim();
    },
    async stop() {
      child.kill('SIGCONT');
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A Redis Cluster of masters without replicas. */
export interface RedisClusterServers {
  readonly nodes: readonly RedisServer[];
  /** Resolves when every master sees all others. */
  readonly whenWhole: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a Redis Cluster of three masters. */
export async function startRedisCluster(...more: readonly string[]): Promise<RedisClusterServers> {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...more];
  const nodes: RedisServer[] = [];
  const whenWhole = async () => {
    await Promise.all(nodes.map(whenClusterIsWhole));
  };
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (let index = 0; index < 3; index++) nodes.push(await startRedis(...settings));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${String(port)}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
    await whenWhole();
    return { nodes, whenWhole, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The name by which clients ask Sentinel for the master. */
export const sentinelMasterName = 'main';

/** Starts a Sentinel that watches over one master. */
export async function startSentinel(master: RedisServer): Promise<Pick<RedisServer, 'port' | 'stop'>> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'assay-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `port ${String(port)}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${sentinelMasterName} 127.0.0.1 ${String(master.port)} 1`,
    ].join('\n'),
  );
  const child = await spawnReady([file, '--sentinel'], '+monitor');
  return {
    port,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function whenClusterIsWhole(node: RedisServer): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const [info, shards] = [await node.command('cluster', 'info'), await node.command('cluster', 'nodes')];
    if (info.includes('cluster_state:ok') && shards.split('\n').length === 3) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the Redis Cluster did not come up');
}

function spawnReady(args: readonly string[], sign = 'Ready to accept connections'): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // A test process that dies leaves no server behind.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes(sign)) resolve(child);
    });
    child.once('error', reject);
    child.once('exit', () => {
      reject(new Error(`redis-server did not start:\n${output}`));
    });
  });
}

/**
 * A port that nothing listens on, nor on the one 10000 above it, which the bus of Redis Cluster takes. Neither is one that
 * the operating system gives to others, so that a server finds its port free when it comes back.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + randomInt(11_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
