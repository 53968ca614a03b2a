import type { ExecutionContext } from '@nestjs/common';
import { AssayError, requestViewOf } from '@assay/core';
import { handshakeViewOf, type Handshake } from '../connections/handshake.js';
import { graphqlRefusal } from '../refusals/graphql-refusal.js';
import { isPlatformRequest, nodeRequestOf, type PlatformRequest } from './node-request.js';
import { nodeResponseOf } from './node-response.js';
import type { RequestContext } from './request-context.js';

/** The context of an operation, as Nest's drivers make it. */
interface OperationContext {
  readonly req?: unknown;
  readonly res?: unknown;
  readonly request?: unknown;
  readonly reply?: { readonly request?: unknown };
}

/** The connection of graphql-ws that an operation came in on. */
interface SubscriptionConnection {
  readonly extra: { readonly request: PlatformRequest; readonly socket?: object };
  readonly connectionParams?: unknown;
}

/** Queries, mutations, subscriptions and fields, over HTTP and over the connections of graphql-ws. */
export const graphqlContext: RequestContext = {
  requestOf: (context) => connectionOf(context)?.extra ?? nodeRequestOf(requestOf(context)),

  frameworkRequestOf: (context) => connectionOf(context)?.extra.request ?? requestOf(context),

  viewOf(context) {
    const connection = connectionOf(context);
    if (connection !== undefined) return handshakeViewOf(handshakeOf(connection));
    const request = requestOf(context);
    const { method, headers, rawHeaders, url, originalUrl, socket } = nodeRequestOf(request);
    return requestViewOf({
      method,
      originalUrl: request.originalUrl ?? originalUrl ?? url,
      headers,
      rawHeaders,
      body: request.body,
      socket,
    });
  },

  carrierOf(context) {
    if (connectionOf(context) !== undefined) return undefined;
    const { res, reply } = operationContextOf(context);
    return [res, requestOf(context).res, reply].map(nodeResponseOf).find((found) => found !== undefined);
  },

  connectionOf: (context) => connectionOf(context)?.extra.socket,

  refusalOf: (_context, refusal) => graphqlRefusal(refusal),
};

/** What was handed to the operation as its context. Not through `GqlExecutionContext`, which would have to be there. */
function operationContextOf(context: ExecutionContext): OperationContext {
  const handed = context.getArgs<unknown[]>();
  // A reference resolver of a federated graph has no arguments of its own: (reference, context, info).
  const found = handed.length === 3 ? handed[1] : handed[2];
  return typeof found === 'object' && found !== null ? found : {};
}

function requestOf(context: ExecutionContext): PlatformRequest {
  const { req, request, reply } = operationContextOf(context);
  const found = [req, request, reply?.request].find(isPlatformRequest);
  if (found === undefined) throw new AssayError('service.route-unprotected');
  return found;
}

/** The connection, which drivers hand on as the context itself or as its request. */
function connectionOf(context: ExecutionContext): SubscriptionConnection | undefined {
  const operation = operationContextOf(context);
  return [operation, operation.req, operation.request].find(isSubscriptionConnection);
}

function isSubscriptionConnection(value: unknown): value is SubscriptionConnection {
  if (typeof value !== 'object' || value === null) return false;
  const { extra } = value as { readonly extra?: { readonly request?: unknown } };
  return typeof extra === 'object' && isPlatformRequest(extra.request);
}

/** The headers of the connection's upgrade, and `authorization` among the parameters of its `connection_init`. */
function handshakeOf({ extra, connectionParams }: SubscriptionConnection): Handshake {
  const authorizations = Object.entries(connectionParams ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .map(([, value]) => (typeof value === 'string' ? value : 'Bearer'));
  return { request: nodeRequestOf(extra.request), authorizations };
}
