import { authenticationOf, SetupError, type AuthenticationState, type NodeRequest } from '@assay/core';
import { refusalMessage, type Refusal } from '../refusals/refusal.js';
import type { Caller } from './admission.js';
import { closeWithPrincipal } from './close-with-principal.js';
import { handshakeOf, handshakeViewOf, rememberUpgrade } from './handshake.js';

/** Judges someone who wants to connect; nothing is no refusal. */
export type Doorkeeper = (caller: Caller) => Promise<Refusal | undefined>;

/** Whether the connection of a client was judged, and let in. */
export type WasAdmitted = (client: object, ...others: readonly unknown[]) => boolean;

/**
 * Has every handshake with a server of sockets judged before the server tells anyone of the connection.
 *
 * Throws: `SetupError` for a server that is neither of `ws` nor of socket.io.
 */
export function keepDoorOf(server: unknown, doorkeeper: Doorkeeper): WasAdmitted {
  if (isWsServer(server)) return keepDoorOfWs(server, doorkeeper);
  if (isSocketIoServer(server)) return keepDoorOfSocketIo(server, doorkeeper);
  throw new SetupError({
    option: 'useWebSocketAdapter',
    problem: 'its connections cannot be authenticated, because its server is neither of ws nor of socket.io',
    remedy: 'Use WsAdapter or IoAdapter, or an adapter that extends one of them.',
  });
}

interface UpgradeInformation {
  readonly req: NodeRequest;
}

type Done = (accepted: boolean, status?: number, message?: string, headers?: Record<string, string>) => void;

/** The part of a `WebSocketServer` of `ws` that decides on upgrades. */
interface WsServer {
  readonly options: {
    verifyClient?: ((information: UpgradeInformation, done: Done) => boolean | undefined) | null;
  };
  readonly handleUpgrade: unknown;
  readonly on: (event: 'connection', listener: (client: object, request: NodeRequest) => void) => unknown;
}

function isWsServer(server: unknown): server is WsServer {
  return has(server, 'handleUpgrade') && has(server, 'options') && has(server, 'on');
}

/** Refuses the upgrade itself: status, challenge and body are those of any other request. */
function keepDoorOfWs(server: WsServer, doorkeeper: Doorkeeper): WasAdmitted {
  const admitted = new WeakSet();
  const next = server.options.verifyClient;
  const verify = async (information: UpgradeInformation, done: Done): Promise<void> => {
    const { req } = information;
    const view = handshakeViewOf({ request: req, authorizations: [] });
    const refusal = await doorkeeper({ subject: req, request: req, view });
    if (refusal !== undefined) {
      refuseUpgrade(refusal, done);
      return;
    }
    admitted.add(req);
    // `ws` itself tells the two kinds apart by their number of parameters.
    if (next?.length === 2) next(information, done);
    else done(next === undefined || next === null || next(information, done) === true);
  };
  server.options.verifyClient = (information: UpgradeInformation, done: Done): undefined => {
    verify(information, done).catch(() => {
      done(false, 500);
    });
  };
  server.on('connection', (client, request) => {
    rememberUpgrade(client, request);
    closeWithState(client, authenticationOf(request));
  });
  return (_client, request) => typeof request === 'object' && request !== null && admitted.has(request);
}

function refuseUpgrade({ answer }: Refusal, done: Done): void {
  const { status, headers, body } = answer;
  done(false, status, JSON.stringify(body), { ...headers, 'Content-Type': 'application/json' });
}

/** The part of a server, or of a namespace, of socket.io that decides on connections. */
interface SocketIoServer {
  readonly use: (middleware: (socket: object, next: (error?: Error) => void) => void) => unknown;
}

function isSocketIoServer(server: unknown): server is SocketIoServer {
  return has(server, 'use') && has(server, 'emit') && has(server, 'on');
}

/** The client gets a `connect_error` with the refusal as its data. */
function keepDoorOfSocketIo(server: SocketIoServer, doorkeeper: Doorkeeper): WasAdmitted {
  const admitted = new WeakSet();
  const verify = async (socket: object): Promise<Error | undefined> => {
    const handshake = handshakeOf(socket);
    const { request } = handshake;
    const refusal = await doorkeeper({ subject: socket, request, view: handshakeViewOf(handshake) });
    if (refusal !== undefined) return connectionError(refusal);
    admitted.add(socket);
    closeWithState(socket, authenticationOf(socket));
    return undefined;
  };
  server.use((socket, next) => {
    verify(socket).then(next, () => {
      next(new Error('The connection could not be judged.'));
    });
  });
  return (socket) => admitted.has(socket);
}

function closeWithState(client: object, state: AuthenticationState | undefined): void {
  if (state?.principal !== undefined) closeWithPrincipal(state.principal, client, state.resourceServer);
}

function connectionError(refusal: Refusal): Error {
  const data = refusalMessage(refusal);
  return Object.assign(new Error(data.error_description), { data });
}

function has(value: unknown, member: string): boolean {
  return typeof value === 'object' && value !== null && member in value;
}
