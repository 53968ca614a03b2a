import { SetupError, type ResourceServer } from '@assay/core';
import type { RequestHandler } from 'express';

/**
 * Middleware that serves the metadata of a resource server at its well-known paths, and the keys that sign it, to everybody;
 * it passes every other request on. Mount it on the app itself, before `protect`: nothing else receives requests for a
 * well-known path.
 *
 * Throws: `SetupError` where the resource server was made without `metadata`.
 * Spec: RFC 9728 sections 3, 3.1 and 3.2.
 */
export function protectedResourceMetadata(resourceServer: ResourceServer): RequestHandler {
  if (resourceServer.metadataUrls.length === 0) {
    throw new SetupError({
      option: 'metadata',
      problem: 'the resource server publishes none',
      remedy: 'Make it with createResourceServer({ …, metadata: { scopesSupported: […] } }).',
    });
  }
  return (request, response, next) => {
    const { method, originalUrl: url } = request;
    const answering = resourceServer.metadataAnswer({ method, url });
    if (answering === undefined) {
      next();
      return;
    }
    answering.then(({ status, headers, body }) => response.writeHead(status, headers).end(body)).catch(next);
  };
}
