/** What the stores need of a Redis client, whichever it is. */
export interface Connection {
  /**
   * Sends a command to the master that has the key.
   *
   * An aborted command that has not left the process is not sent any more, where the client can do that.
   */
  readonly send: (key: string, command: readonly string[], signal: AbortSignal) => Promise<unknown>;
  /** Sends a command to every master. */
  readonly sendToMasters: (command: readonly string[], signal: AbortSignal) => Promise<readonly unknown[]>;
}

/** The members that a value has, whatever they are. */
export function membersOf(client: unknown): Readonly<Record<string, unknown>> {
  return typeof client === 'object' && client !== null ? (client as Record<string, unknown>) : {};
}
