import type { ServerResponse } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { AssayError, type RequestView } from '@assay/core';
import type { Refusal } from '../refusals/refusal.js';
import { graphqlContext } from './graphql-context.js';
import { httpContext } from './http-context.js';
import { rpcContext } from './rpc-context.js';
import { wsContext } from './ws-context.js';

/** The HTTP adapter of the application: Express or Fastify. A microservice without HTTP has none. */
export type HttpAdapter = HttpAdapterHost['httpAdapter'];

/** How one type of execution context shows its request, and how it refuses it. */
export interface RequestContext {
  /** The object that authentication is recorded on: the request as Node made it, or the connection. */
  readonly requestOf: (context: ExecutionContext) => object;
  /** The request as handlers know it, with its path parameters, or the message. */
  readonly frameworkRequestOf: (context: ExecutionContext) => unknown;
  readonly viewOf: (context: ExecutionContext, adapter: HttpAdapter) => RequestView;
  /** The response as Node made it, where the context answers over HTTP. */
  readonly responseOf?: (context: ExecutionContext) => ServerResponse;
  /** The response on which the answer travels with others, where there is one: that of an operation of GraphQL. */
  readonly carrierOf?: (context: ExecutionContext) => ServerResponse | undefined;
  /** The connection that an operation came in on, where closing it is for us: that of a subscription. */
  readonly connectionOf?: (context: ExecutionContext) => object | undefined;
  /** What to throw, once the response is prepared. */
  readonly refusalOf: (
    context: ExecutionContext,
    refusal: Refusal,
    adapter: HttpAdapter,
  ) => Error | Promise<Error>;
}

/** One entry for each type of execution context that the guard can judge. */
const requestContexts: ReadonlyMap<string, RequestContext> = new Map([
  ['http', httpContext],
  ['graphql', graphqlContext],
  ['ws', wsContext],
  ['rpc', rpcContext],
]);

/**
 * How to read and refuse the request of an execution context.
 *
 * Error: `service.route-unprotected` for a type that the guard does not know: what cannot be judged is refused.
 */
export function requestContextOf(context: ExecutionContext): RequestContext {
  const known = requestContexts.get(context.getType<string>());
  if (known === undefined) throw new AssayError('service.route-unprotected');
  return known;
}
