import { requestViewOf, SetupError } from '@assay/core';
import {
  uncacheable,
  type AuthorizationServer,
  type FormRequestView,
  type TokenRequest,
} from '@assay/core/authorization-server';
import type { Request, RequestHandler } from 'express';
import { readBody } from './read-body.js';
import { refuseTokenRequest, tokenErrors } from './token-errors.js';

// Symbol.for, so that the ESM and the CommonJS copy of this package find each other's state.
const stateKey = Symbol.for('assay.express.token-request');

/**
 * Middleware that lets a token request pass once it is judged good, and answers it otherwise. Uses nothing up.
 *
 * Reads the form itself, so it stands before a body parser, or behind one that keeps `rawBody`. In the same route, it
 * also answers the failures of `issueAccessToken` that reach Express: in Express 5 every rejection of a handler does,
 * in Express 4 what a handler passes to `next`. Mount it with `app.all` so that other methods are told 405.
 *
 * Spec: RFC 6749 section 3.2.
 */
export function tokenRequest(server: AuthorizationServer): RequestHandler {
  const answerErrors = tokenErrors(server);
  const prepared = new WeakSet();

  const judge: RequestHandler = async (request, response, next) => {
    response.set(uncacheable);
    const { route } = request as { route?: RouteLike };
    if (route !== undefined && !prepared.has(route) && isPartOf(route, judge)) {
      prepared.add(route);
      // An error handler has to come last in a route, where only the route itself can put it.
      route.post(answerErrors);
    }
    try {
      recordTokenRequest(request, await server.judgeTokenRequest(formViewOf(request)));
    } catch (error) {
      refuseTokenRequest(error, { server, request, response });
      return;
    }
    next();
  };
  return judge;
}

interface RouteLike {
  readonly stack: readonly { readonly handle: unknown }[];
  readonly post: (handler: unknown) => unknown;
}

/** Whether a handler stands in the route. Express leaves an earlier route on the request when it goes on to others. */
function isPartOf({ stack }: RouteLike, handler: RequestHandler): boolean {
  return stack.some(({ handle }) => handle === handler);
}

/**
 * The token request that was judged.
 *
 * Throws: `SetupError` where no `tokenRequest` ran.
 */
export function tokenRequestOf(request: Request): TokenRequest {
  const judged = (request as unknown as Record<symbol, unknown>)[stateKey] as TokenRequest | undefined;
  if (judged !== undefined) return judged;
  throw new SetupError({
    option: 'tokenRequest',
    problem: 'the request was not judged',
    remedy: 'Mount tokenRequest(server) before the handler.',
  });
}

function recordTokenRequest(request: Request, judged: TokenRequest): void {
  Object.defineProperty(request, stateKey, { value: judged });
}

function formViewOf(request: Request): FormRequestView {
  const { method, url, headers } = requestViewOf(request);
  return { method, url, headers, readBody: () => readBody(request) };
}
