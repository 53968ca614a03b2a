import { systemClock, type Clock, type Stores } from '@assay/core';
import { boundedCalls } from './bounded-calls.js';
import { connectionFrom, type RedisClient } from './clients/connection-from.js';
import { redisRecordStore } from './redis-record-store.js';
import { redisSingleUseStore } from './redis-single-use-store.js';
import { scriptCall } from './script-call.js';
import { serverCheck, type RedisReadiness } from './server-check.js';
import { settingsFrom } from './settings.js';
import { storeKeys } from './store-keys.js';

/** How the stores use Redis. */
export interface RedisStoresOptions {
  /** What the name of every key begins with. Letters, digits and `:._/-`, at most 100. Default `assay:`. */
  readonly keyPrefix?: string;
  /** How long Redis may take for a call, the waiting for a connection included. 1 to 60000, default 2000. */
  readonly timeoutMs?: number;
  /** How many things one client or key may have used and not yet forgotten; more are refused to it alone. Default 100000. */
  readonly maximumEntriesPerOwner?: number;
  /** How many records one client may have; more are refused to it alone. Default 1000. */
  readonly maximumRecordsPerOwner?: number;
  /** How long the JSON text of one record may be. Units: bytes. Default 65536. */
  readonly maximumRecordBytes?: number;
  /**
   * How far the clocks of the instances and of Redis may differ. Redis remembers for longer by as much. 0 to 3600,
   * default 60.
   */
  readonly maximumClockDifferenceSeconds?: number;
  /**
   * `false` where a managed service forbids INFO. What Redis evicts can be used again: whoever says so has made sure of
   * `maxmemory-policy noeviction`. Default true.
   */
  readonly checkEvictionPolicy?: boolean;
  /** The time by which records expire. Redis forgets by its own clock. */
  readonly clock?: Clock;
}

/** Stores that all instances share which have the same Redis and the same prefix. */
export interface RedisStores extends Stores {
  /**
   * Asks every master whether it can be relied on, so that a mistake shows at start. Without it, the first call of a
   * store asks.
   *
   * Error: `SetupError` when `maxmemory-policy` is not `noeviction`, or cannot be read; `RedisStoreError` when a master
   * cannot be asked.
   */
  readonly ready: () => Promise<RedisReadiness>;
}

/** A Redis that does not answer is not asked by more calls than this at once. */
const maximumWaitingCalls = 1000;

/**
 * Stores on Redis, for a client of `redis` (node-redis) or `ioredis`. The client is connected and closed by who made it.
 *
 * Throws: `SetupError` for a client of another kind, and for options that are misspelt or out of range.
 */
export function redisStores(client: RedisClient, options: RedisStoresOptions = {}): RedisStores {
  const connection = connectionFrom(client);
  const settings = settingsFrom(options);
  const { clock = systemClock } = options;
  const calls = boundedCalls({ timeoutMs: settings.timeoutMs, maximumWaiting: maximumWaitingCalls });
  const check = serverCheck({ ...settings, connection, calls, clock });
  const shared = {
    ...settings,
    clock,
    keys: storeKeys(settings.keyPrefix),
    call: scriptCall(connection, calls, check),
  };
  return {
    singleUse: redisSingleUseStore(shared),
    records: redisRecordStore(shared),
    ready: () => check.now(),
  };
}
