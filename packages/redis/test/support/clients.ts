import { Cluster, Redis } from 'ioredis';
import { createClient, createCluster } from 'redis';
import type { RedisClient } from '@assay/redis';
import type { RedisServer } from './redis-server.js';

/** A connected client, and how it is closed. */
export interface OpenClient {
  readonly client: RedisClient;
  readonly close: () => Promise<void>;
}

/** The clients that the stores are made for, each with one Redis. */
export const singleClients: Readonly<
  Record<string, (server: Pick<RedisServer, 'port' | 'url'>) => Promise<OpenClient>>
> = {
  async 'node-redis'({ url }) {
    const client = createClient({ url, socket: { reconnectStrategy: 20 } });
    client.on('error', ignore);
    await client.connect();
    return {
      client,
      close() {
        client.destroy();
        return Promise.resolve();
      },
    };
  },
  async ioredis({ port }) {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 });
    client.on('error', ignore);
    await client.ping();
    return {
      client,
      close() {
        client.disconnect();
        return Promise.resolve();
      },
    };
  },
};

/** The same with Redis Cluster. */
export const clusterClients: Readonly<
  Record<string, (nodes: readonly RedisServer[]) => Promise<OpenClient>>
> = {
  async 'node-redis'(nodes) {
    const client = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) });
    client.on('error', ignore);
    await client.connect();
    return {
      client,
      close() {
        client.destroy();
        return Promise.resolve();
      },
    };
  },
  async ioredis(nodes) {
    const client = new Cluster(nodes.map(({ port }) => ({ port, host: '127.0.0.1' })));
    client.on('error', ignore);
    await client.ping();
    return {
      client,
      close() {
        client.disconnect();
        return Promise.resolve();
      },
    };
  },
};

/** Without a listener an outage would end the process; the tests see it in what the stores answer. */
function ignore(): void {
  // What went wrong is for the caller of the store.
}
