import type { Connection } from './clients/connection.js';
import { failedCommand, RedisStoreError } from './redis-store-error.js';
import type { Script } from './scripts.js';

/** The keys, of which there is at least one, and the arguments of a script. */
export interface ScriptInput {
  readonly keys: readonly [string, ...string[]];
  readonly values?: readonly string[];
}

/**
 * The answer of a script: a text, or `null` where it is nothing.
 *
 * Redis is sent the script itself only when it does not know it, as after a restart.
 *
 * Error: `RedisStoreError`.
 */
export async function runScript(
  connection: Connection,
  { source, digest }: Script,
  { keys, values = [] }: ScriptInput,
  signal: AbortSignal,
): Promise<string | null> {
  const rest = [String(keys.length), ...keys, ...values];
  const send = async (command: readonly string[]) => {
    // Nobody waits for the answer any more: what has not been done had better not be done.
    if (signal.aborted) throw new RedisStoreError('timeout');
    try {
      return await connection.send(keys[0], command, signal);
    } catch (error) {
      throw failedCommand(error);
    }
  };
  const reply = await send(['evalsha', digest, ...rest]).catch((error: unknown) => {
    if (!isUnknownScript(error)) throw error;
    return send(['eval', source, ...rest]);
  });
  return textOf(reply);
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof RedisStoreError && error.detail === 'NOSCRIPT';
}

/** A client can be set up to return bytes instead of texts. */
function textOf(reply: unknown): string | null {
  if (typeof reply === 'string' || reply === null) return reply;
  if (reply instanceof Uint8Array) return Buffer.from(reply).toString();
  throw new RedisStoreError('answer-unknown');
}
