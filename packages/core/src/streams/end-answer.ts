import type { ServerResponse } from 'node:http';
import { AssayError, isAssayError } from '../assay-error.js';
import type { Principal } from '../principal.js';
import type { ResourceServer } from '../resource-server.js';

/** What kind of answer it is. */
export interface AnswerFormat {
  /** Default: as its headers say, where Node has kept them. */
  readonly format?: 'event stream';
}

/**
 * Ends an answer that is still being written when the signal is aborted. A stream of events ends with an event `error`
 * that says why, so that its client renews the token instead of coming back with the old one; anything else is cut off,
 * so that nobody takes half an answer for a whole one.
 */
export function endAnswerOn(
  signal: AbortSignal,
  response: ServerResponse,
  { format }: AnswerFormat = {},
): void {
  const end = () => {
    if (response.writableEnded || response.destroyed) return;
    if (format === 'event stream' || isEventStream(response))
      response.end(`event: error\ndata: ${JSON.stringify(farewell(signal.reason))}\n\n`);
    else response.destroy();
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}

/**
 * Ends an answer that is still being written once the token of its principal has expired or was withdrawn. Returns the
 * signal by which the handler hears of it as well. The watch ends with the answer.
 */
export function endAnswerWith(
  principal: Principal,
  response: ServerResponse,
  resourceServer: Pick<ResourceServer, 'watch'>,
  format?: AnswerFormat,
): AbortSignal {
  const closed = new AbortController();
  response.once('close', () => {
    closed.abort();
  });
  const signal = resourceServer.watch(principal, { signal: closed.signal });
  endAnswerOn(signal, response, format);
  return signal;
}

/** What the other side of a connection is told when it is closed: texts from the catalogue only. */
export function farewell(reason: unknown): { readonly error: string; readonly error_description: string } {
  const { failure } = isAssayError(reason) ? reason : new AssayError('service.failed');
  return { error: failure.error ?? 'invalid_token', error_description: failure.description };
}

function isEventStream(response: ServerResponse): boolean {
  return /^text\/event-stream\b/i.test(String(response.getHeader('content-type') ?? ''));
}
