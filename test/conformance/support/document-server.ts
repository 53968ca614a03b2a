import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server whose answers a test sets path by path. What is not set is 404. */
export interface DocumentServer {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** The paths that were requested, in order. */
  readonly requests: readonly string[];
  /** Answers a path with a JSON document, or in a way of its own. */
  readonly serve: (path: string, answer: Json | RequestListener) => void;
  /** Answers a path with a status and, if given, a body and headers. */
  readonly serveRaw: (path: string, answer: RawDocument) => void;
  /** Forgets every answer and every request. */
  readonly reset: () => void;
}

/** An answer that is not, or not quite, a JSON document. */
export interface RawDocument {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Json = object | string | number | boolean | null;

const servers: Server[] = [];

/** Starts a document server on a free loopback port. `closeDocumentServers` stops it. */
export async function startDocumentServer(): Promise<DocumentServer> {
  const answers = new Map<string, RequestListener>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    requests.push(path);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const serveRaw: DocumentServer['serveRaw'] = (path, { status = 200, headers = {}, body = '' }) => {
    answers.set(path, (_request, response) => response.writeHead(status, headers).end(body));
  };
  return {
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    serveRaw,
    serve(path, answer) {
      if (typeof answer === 'function') answers.set(path, answer as RequestListener);
      else
        serveRaw(path, {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(answer),
        });
    },
    reset() {
      answers.clear();
      requests.length = 0;
    },
  };
}

/** Stops every document server that was started. For `afterAll`. */
export async function closeDocumentServers(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}
