import { SetupError } from '@assay/core';
import type { Connection } from './connection.js';
import { ioredisConnection, type IoredisClient, type IoredisCluster } from './ioredis.js';
import {
  nodeRedisConnection,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
} from './node-redis.js';

/** A client of `redis` (node-redis) or `ioredis`, for one Redis, for Sentinel or for Cluster. */
export type RedisClient =
  NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoredisClient | IoredisCluster;

/**
 * What the stores need of a client, known by its shape.
 *
 * Throws: `SetupError` when the shape is of no known client.
 */
export function connectionFrom(client: RedisClient): Connection {
  const connection = ioredisConnection(client) ?? nodeRedisConnection(client);
  if (connection !== undefined) return connection;
  throw new SetupError({
    option: 'client',
    problem: 'it is no client of redis or ioredis that is known',
    remedy:
      'Give what createClient, createCluster or createSentinel of redis 5 or 6 returns, or new Redis or new Cluster of ioredis 5 or 6.',
  });
}
