// The public names of @assay/redis, one by one. What is not here is private.
export type { RedisClient } from './clients/connection-from.js';
export type { IoredisClient, IoredisCluster } from './clients/ioredis.js';
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisCommandOptions,
  NodeRedisSentinel,
} from './clients/node-redis.js';
export { RedisStoreError, type RedisStoreProblem } from './redis-store-error.js';
export { redisStores, type RedisStores, type RedisStoresOptions } from './redis-stores.js';
export type { RedisReadiness } from './server-check.js';
