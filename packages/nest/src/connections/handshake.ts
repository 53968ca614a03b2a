import { AssayError, requestViewOf, type NodeRequest, type RequestView } from '@assay/core';

/** How a connection was opened. */
export interface Handshake {
  /** The request that was upgraded, or socket.io's first. */
  readonly request: NodeRequest;
  /** Credentials beside the request's headers, each as an `Authorization` header has them. */
  readonly authorizations: readonly string[];
}

/** The part of a socket of socket.io that tells how it was opened. */
interface SocketIoSocket {
  readonly request: NodeRequest;
  readonly handshake: { readonly auth?: Readonly<Record<string, unknown>> };
}

// `ws` does not keep the request on the connection.
const upgradeRequests = new WeakMap<object, NodeRequest>();

/** Remembers the request that a connection of `ws` came from. */
export function rememberUpgrade(client: object, request: NodeRequest): void {
  upgradeRequests.set(client, request);
}

/**
 * How the connection of a client was opened.
 *
 * Error: `service.route-unprotected` where that cannot be told.
 */
export function handshakeOf(client: object): Handshake {
  const request = upgradeRequests.get(client);
  if (request !== undefined) return { request, authorizations: [] };
  if (isSocketIoSocket(client)) {
    return { request: client.request, authorizations: authorizationsIn(client.handshake) };
  }
  throw new AssayError('service.route-unprotected');
}

/** What core judges of a handshake. Credentials in two places are two credentials, which core refuses. */
export function handshakeViewOf({ request, authorizations }: Handshake): RequestView {
  const view = requestViewOf(request);
  const lines = [...(view.headers['authorization'] ?? []), ...authorizations];
  return lines.length === 0 ? view : { ...view, headers: { ...view.headers, authorization: lines } };
}

function isSocketIoSocket(client: object): client is SocketIoSocket {
  const { request, handshake } = client as { readonly request?: unknown; readonly handshake?: unknown };
  return (
    typeof request === 'object' && request !== null && typeof handshake === 'object' && handshake !== null
  );
}

/** `auth: { token }` of the client is a token alone. One that is no text is malformed, not missing. */
function authorizationsIn({ auth }: SocketIoSocket['handshake']): readonly string[] {
  const token = auth?.['token'];
  if (token === undefined || token === null) return [];
  return [typeof token === 'string' ? `Bearer ${token}` : 'Bearer'];
}
