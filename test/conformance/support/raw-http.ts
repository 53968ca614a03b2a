import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseChallenges, type Challenge } from './parse-challenges.js';

/** A request whose bytes are what the test says. */
export interface RawRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** Path and query. Default `/orders`. */
  readonly target?: string;
  /** The `Host` header. Default `localhost`. */
  readonly host?: string;
  /** Header lines, in order, repeated ones too; sent as Latin-1. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** The values of every line of every header, by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  /** Everything that was received, for searching. */
  readonly text: string;
  /** Every challenge of every `WWW-Authenticate` line, strictly parsed. */
  readonly challenges: readonly Challenge[];
}

/** Sends one request over a connection of its own, byte for byte. */
export function exchange(port: number, request: RawRequest): Promise<RawAnswer> {
  return exchangeOver(connect(port, '127.0.0.1'), request);
}

/** Sends one request over this connection, byte for byte, and reads until the other end closes it. */
export async function exchangeOver(socket: Socket, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', target = '/orders', host = 'localhost', lines = [], body = '' } = request;
  const length = body === '' ? [] : [`Content-Length: ${String(Buffer.byteLength(body, 'latin1'))}`];
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...length, ...lines];
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  await once(socket, 'close');
  return answerFrom(Buffer.concat(chunks).toString('latin1'));
}

function answerFrom(text: string): RawAnswer {
  const endOfHead = text.indexOf('\r\n\r\n');
  if (endOfHead === -1) throw new Error('the connection closed before an answer');
  const [statusLine = '', ...lines] = text.slice(0, endOfHead).split('\r\n');
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return {
    status: Number(statusLine.split(' ')[1]),
    headers,
    body: text.slice(endOfHead + 4),
    text,
    challenges: (headers['www-authenticate'] ?? []).flatMap((value) => parseChallenges(value)),
  };
}
