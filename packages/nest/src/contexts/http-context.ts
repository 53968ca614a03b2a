import type { ServerResponse } from 'node:http';
import { requestViewOf } from '@assay/core';
import { AssayHttpException } from '../assay-http-exception.js';
import { nodeRequestOf, type PlatformRequest } from './node-request.js';
import type { RequestContext } from './request-context.js';

/** HTTP, on Express and on Fastify. */
export const httpContext: RequestContext = {
  requestOf: (context) => nodeRequestOf(context.switchToHttp().getRequest<PlatformRequest>()),

  frameworkRequestOf: (context) => context.switchToHttp().getRequest<unknown>(),

  viewOf(context, adapter) {
    const request = context.switchToHttp().getRequest<PlatformRequest>();
    const { headers, rawHeaders, socket } = nodeRequestOf(request);
    return requestViewOf({
      method: adapter.getRequestMethod(request) as string,
      originalUrl: adapter.getRequestUrl(request) as string,
      headers,
      rawHeaders,
      body: request.body,
      socket,
    });
  },

  responseOf(context) {
    const response = context.switchToHttp().getResponse<ServerResponse & { readonly raw?: ServerResponse }>();
    // Express extends Node's response, Fastify wraps it.
    return response.raw ?? response;
  },

  refusalOf(context, { error, answer }, adapter) {
    const response = context.switchToHttp().getResponse<object>();
    adapter.status(response, answer.status);
    for (const [name, value] of Object.entries(answer.headers)) adapter.setHeader(response, name, value);
    return new AssayHttpException(error, answer);
  },
};
