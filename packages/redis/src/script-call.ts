import type { BoundedCalls } from './bounded-calls.js';
import type { Connection } from './clients/connection.js';
import { runScript, type ScriptInput } from './run-script.js';
import type { Script } from './scripts.js';
import type { ServerCheck } from './server-check.js';

/** Runs a script in bounded time, on servers that have passed their check. */
export type ScriptCall = (script: Script, input: ScriptInput) => Promise<string | null>;

/**
 * The call that both stores make.
 *
 * Error: `RedisStoreError`, and `SetupError` where Redis evicts.
 */
export function scriptCall(connection: Connection, calls: BoundedCalls, check: ServerCheck): ScriptCall {
  return (script, input) =>
    calls(async (signal) => {
      await check.passed();
      return runScript(connection, script, input, signal);
    });
}
