import { membersOf, type Connection } from './connection.js';

/** `new Redis()` of ioredis, as far as the stores use it. */
export interface IoredisClient {
  readonly status: string;
  call(command: string, ...commandArguments: string[]): Promise<unknown>;
}

/** `new Cluster()` of ioredis, as far as the stores use it. */
export interface IoredisCluster extends IoredisClient {
  readonly isCluster: boolean;
  nodes(role: 'master'): readonly IoredisClient[];
}

/** The connection of a client of ioredis; `undefined` when it is none. */
export function ioredisConnection(client: unknown): Connection | undefined {
  const { call, status, isCluster, nodes } = membersOf(client);
  if (typeof call !== 'function' || typeof status !== 'string') return undefined;
  return isCluster === true && typeof nodes === 'function'
    ? clusterConnection(client as IoredisCluster)
    : singleConnection(client as IoredisClient);
}

function singleConnection(client: IoredisClient): Connection {
  return {
    send: (_key, command) => call(client, command),
    sendToMasters: async (command) => [await call(client, command)],
  };
}

function clusterConnection(cluster: IoredisCluster): Connection {
  return {
    // ioredis finds the keys of a script by itself, and sends no script to a replica.
    send: (_key, command) => call(cluster, command),
    async sendToMasters(command) {
      // The masters are not known before the cluster is ready, which a command waits for.
      await call(cluster, ['ping']);
      return Promise.all(cluster.nodes('master').map((master) => call(master, command)));
    },
  };
}

function call(client: IoredisClient, [name = '', ...commandArguments]: readonly string[]): Promise<unknown> {
  return client.call(name, ...commandArguments);
}
