import { farewell, type Principal, type ResourceServer } from '@assay/core';

/** The part of a connection of `ws` that closes it. */
interface WsConnection {
  readonly close: (code: number, reason: string) => unknown;
  readonly once: (event: 'close', listener: () => void) => unknown;
}

/** The part of a socket of socket.io that closes it. */
interface SocketIoConnection {
  readonly emit: (event: string, ...data: readonly unknown[]) => unknown;
  readonly disconnect: (close: boolean) => unknown;
  readonly once: (event: 'disconnect', listener: () => void) => unknown;
}

/** What closes a connection whose principal may no longer be there: policy violation (RFC 6455 section 7.4.1). */
const policyViolation = 1008;

/**
 * Closes a connection of `ws` or socket.io once the token that opened it has expired or was withdrawn, and says why: as
 * the reason of the close, or in an event `exception`. The watch ends with the connection.
 */
export function closeWithPrincipal(
  principal: Principal,
  connection: object,
  resourceServer: ResourceServer,
  { code = policyViolation }: { readonly code?: number } = {},
): void {
  const isSocketIo = isSocketIoConnection(connection);
  if (!isSocketIo && !isWsConnection(connection)) return;
  const closed = new AbortController();
  const end = () => {
    closed.abort();
  };
  if (isSocketIo) connection.once('disconnect', end);
  else connection.once('close', end);
  const signal = resourceServer.watch(principal, { signal: closed.signal });
  signal.addEventListener('abort', () => {
    const said = farewell(signal.reason);
    if (isSocketIo) {
      connection.emit('exception', said);
      connection.disconnect(true);
    } else {
      connection.close(code, said.error_description);
    }
  });
}

function isSocketIoConnection(connection: object): connection is SocketIoConnection {
  return 'disconnect' in connection && 'emit' in connection && 'once' in connection;
}

function isWsConnection(connection: object): connection is WsConnection {
  return 'close' in connection && 'once' in connection;
}
