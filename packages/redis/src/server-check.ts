import { SetupError, type Clock } from '@assay/core';
import type { BoundedCalls } from './bounded-calls.js';
import type { Connection } from './clients/connection.js';
import { failedCommand, RedisStoreError } from './redis-store-error.js';

/** What is known of Redis when it can be used. */
export interface RedisReadiness {
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
}

/** Sees to it that no Redis is used that forgets live entries to make room. */
export interface ServerCheck {
  /**
   * Asks every master.
   *
   * Error: `SetupError` when one of them evicts; `RedisStoreError` when one cannot be asked.
   */
  readonly now: () => Promise<RedisReadiness>;
  /** Resolves when the check has been passed; the first call of all waits for it, later ones repeat it beside their work. */
  readonly passed: () => Promise<void>;
}

const repeatAfterMs = 60_000;

/**
 * The check of the servers behind a connection.
 *
 * A policy can be changed while Redis runs, and a failover can bring a master with another one: the check is repeated
 * every minute, by a call that does not wait for it. A master that cannot be asked then changes nothing; what a call
 * wants of it fails by itself.
 */
export function serverCheck({
  connection,
  checkEvictionPolicy,
  calls,
  clock,
}: {
  readonly connection: Connection;
  readonly checkEvictionPolicy: boolean;
  readonly calls: BoundedCalls;
  readonly clock: Clock;
}): ServerCheck {
  let nextCheckMs = -Infinity;
  let isGood = !checkEvictionPolicy;
  let running: Promise<RedisReadiness> | undefined;

  async function ask(): Promise<RedisReadiness> {
    const replies = await calls((signal) => askMasters(checkEvictionPolicy ? ['info'] : ['ping'], signal));
    if (replies.length === 0) throw new RedisStoreError('failed', 'NoMaster');
    return checkEvictionPolicy ? readinessFrom(replies) : { warnings: [] };
  }

  async function askMasters(command: readonly string[], signal: AbortSignal): Promise<readonly unknown[]> {
    try {
      return await connection.sendToMasters(command, signal);
    } catch (error) {
      const failure = failedCommand(error);
      if (checkEvictionPolicy && isRefusal(failure)) {
        throw policyUnknown('Redis does not let this user call INFO');
      }
      throw failure;
    }
  }

  async function now(): Promise<RedisReadiness> {
    nextCheckMs = clock.nowMs() + repeatAfterMs;
    try {
      const readiness = await ask();
      isGood = true;
      return readiness;
    } catch (error) {
      if (error instanceof SetupError) isGood = false;
      throw error;
    }
  }

  function nowOnce(): Promise<RedisReadiness> {
    running ??= now().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    now: nowOnce,
    async passed() {
      if (!isGood) await nowOnce();
      else if (checkEvictionPolicy && clock.nowMs() >= nextCheckMs) nowOnce().catch(() => undefined);
    },
  };
}

function readinessFrom(replies: readonly unknown[]): RedisReadiness {
  const servers = replies.map(infoOf);
  for (const server of servers) refuseEviction(server.get('maxmemory_policy'));
  return {
    warnings: servers.every((server) => server.get('aof_enabled') === '1')
      ? []
      : [
          'Redis keeps no append-only file: when it ends unexpectedly, it forgets what was used. Set appendonly yes and appendfsync always.',
        ],
  };
}

/** The lines `name:value` of the answer to INFO. */
function infoOf(reply: unknown): ReadonlyMap<string, string> {
  const text = reply instanceof Uint8Array ? Buffer.from(reply).toString() : reply;
  if (typeof text !== 'string') throw new RedisStoreError('answer-unknown');
  return new Map([...text.matchAll(/^(\w+):([^\r\n]*)/gm)].map(([, name = '', value = '']) => [name, value]));
}

function refuseEviction(policy: string | undefined): void {
  if (policy === 'noeviction') return;
  if (policy === undefined) throw policyUnknown('Redis does not say how it is set');
  throw new SetupError({
    option: 'maxmemory-policy',
    problem: 'Redis evicts keys to make room, and what was used could be used again',
    remedy: 'Set maxmemory-policy noeviction on every master, or use a Redis of its own for Assay.',
  });
}

/** Whether Redis does not let the user call a command, or does not know it. */
function isRefusal({ detail }: RedisStoreError): boolean {
  return detail === 'NOPERM' || detail === 'ERR';
}

function policyUnknown(problem: string): SetupError {
  return new SetupError({
    option: 'maxmemory-policy',
    problem,
    remedy:
      'Let the user call INFO; or make sure that it is noeviction yourself, and say checkEvictionPolicy: false.',
  });
}
