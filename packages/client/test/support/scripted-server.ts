import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a path is answered: the whole answer, or a function that writes it. */
export type Script = Answer | ((request: ReceivedRequest, response: ServerResponse) => void);

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly json?: unknown;
}

/** A server on a free loopback port that answers each path as it is told. */
export interface ScriptedServer {
  readonly origin: string;
  /** Everything that was received, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** Answers a path in this way from now on. Without a script: 404. */
  readonly script: (path: string, script: Script) => void;
  readonly close: () => Promise<void>;
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const scripts = new Map<string, Script>();
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(received);
      const script = scripts.get(url) ?? { status: 404 };
      if (typeof script === 'function') script(received, response);
      else send(response, script);
    });
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    origin: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`,
    requests,
    script: (path, script) => scripts.set(path, script),
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

export function send(response: ServerResponse, { status = 200, headers = {}, body, json }: Answer): void {
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  response
    .writeHead(status, { ...type, ...headers })
    .end(json === undefined ? (body ?? '') : JSON.stringify(json));
}
