import { membersOf, type Connection } from './connection.js';

/** Options that node-redis takes beside a command. */
export interface NodeRedisCommandOptions {
  readonly abortSignal?: AbortSignal;
}

/** `createClient()` or `createClientPool()` of node-redis, as far as the stores use it. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  sendCommand(command: string[], options?: NodeRedisCommandOptions): Promise<unknown>;
}

/** `createCluster()` of node-redis, as far as the stores use it. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  nodeClient(master: unknown): NodeRedisClient | Promise<NodeRedisClient>;
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    command: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
}

/** `createSentinel()` of node-redis, as far as the stores use it. */
export interface NodeRedisSentinel {
  getMasterNode(): unknown;
  sendCommand(
    isReadonly: boolean | undefined,
    command: string[],
    options?: NodeRedisCommandOptions,
  ): Promise<unknown>;
}

/** The connection of a client of node-redis; `undefined` when it is none. */
export function nodeRedisConnection(client: unknown): Connection | undefined {
  const { sendCommand, isOpen, masters, nodeClient, getMasterNode } = membersOf(client);
  if (typeof sendCommand !== 'function' || typeof isOpen !== 'boolean') return undefined;
  if (typeof nodeClient === 'function' && Array.isArray(masters)) {
    return clusterConnection(client as NodeRedisCluster);
  }
  if (typeof getMasterNode === 'function') return sentinelConnection(client as NodeRedisSentinel);
  return singleConnection(client as NodeRedisClient);
}

function singleConnection(client: NodeRedisClient): Connection {
  return {
    send: (_key, command, abortSignal) => client.sendCommand([...command], { abortSignal }),
    sendToMasters: async (command, abortSignal) => [await client.sendCommand([...command], { abortSignal })],
  };
}

function clusterConnection(cluster: NodeRedisCluster): Connection {
  return {
    send: (key, command, abortSignal) => cluster.sendCommand(key, false, [...command], { abortSignal }),
    sendToMasters: (command, abortSignal) =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const client = await cluster.nodeClient(master);
          return client.sendCommand([...command], { abortSignal });
        }),
      ),
  };
}

function sentinelConnection(sentinel: NodeRedisSentinel): Connection {
  return {
    send: (_key, command, abortSignal) => sentinel.sendCommand(false, [...command], { abortSignal }),
    sendToMasters: async (command, abortSignal) => [
      await sentinel.sendCommand(false, [...command], { abortSignal }),
    ],
  };
}
