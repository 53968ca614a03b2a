import type { ServerResponse } from 'node:http';

/**
 * Tells, once, when an answer begins, with its status; or that the connection ended without one.
 *
 * Every way of answering goes through `writeHead`. What is told may not change the answer, and cannot break it.
 */
export function whenAnswered(response: ServerResponse, tell: (status: number) => void): void {
  let isTold = false;
  const once = (status: number) => {
    if (isTold) return;
    isTold = true;
    tell(status);
  };
  const writeHead = response.writeHead.bind(response) as (...parts: readonly unknown[]) => ServerResponse;
  response.writeHead = (statusCode: number, ...rest: readonly unknown[]) => {
    const written = writeHead(statusCode, ...rest);
    once(statusCode);
    return written;
  };
  response.once('close', () => {
    once(response.statusCode);
  });
}
