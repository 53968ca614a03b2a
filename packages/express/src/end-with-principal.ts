import { AssayError, authenticationOf, endAnswerWith } from '@assay/core';
import type { Request, Response } from 'express';
import { routeName } from './route-name.js';

/**
 * For answers that go on for longer than a token lives: ends the answer once the token of its principal has expired or
 * was withdrawn. Returns the signal by which the handler hears of it. A stream of events ends with an event `error` that
 * says why.
 *
 * `undefined` for anonymous requests, which nothing ends.
 *
 * Throws: `AssayError` `service.route-unprotected` where no `protect` has run.
 */
export function endWithPrincipal(request: Request, response: Response): AbortSignal | undefined {
  const state = authenticationOf(request);
  if (state === undefined) {
    throw new AssayError('service.route-unprotected', {
      cause: new Error(`${routeName(request)} streams to a principal, and no protect() runs before it`),
    });
  }
  const { principal, resourceServer } = state;
  return principal === undefined ? undefined : endAnswerWith(principal, response, resourceServer);
}
