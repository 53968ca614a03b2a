import { metadataPath, type AuthorizationServer } from '@assay/core/authorization-server';
import type { RequestHandler, Response } from 'express';

/** How long the documents may be kept by whoever fetches them. Units: seconds. */
const maximumAgeSeconds = 300;

/**
 * Middleware that serves the authorization server's metadata at its well-known path, and passes every other request on.
 *
 * Spec: RFC 8414 section 3.
 */
export function authorizationServerMetadata(server: AuthorizationServer): RequestHandler {
  return serveDocument(metadataPath(server.issuer), () => server.metadata());
}

/**
 * Middleware that serves the published key set at the path of `jwks_uri`, and passes every other request on.
 *
 * Spec: RFC 7517 section 5; RFC 8414 section 2.
 */
export function jwks(server: AuthorizationServer): RequestHandler {
  return serveDocument(new URL(server.metadata().jwks_uri).pathname, () => server.jwks());
}

function serveDocument(path: string, document: () => unknown): RequestHandler {
  return async (request, response, next) => {
    const [requested] = request.originalUrl.split('?', 1);
    if (requested !== path) {
      next();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.status(405).set('Allow', 'GET, HEAD').end();
      return;
    }
    try {
      sendDocument(response, await document());
    } catch (error) {
      next(error);
    }
  };
}

function sendDocument(response: Response, document: unknown): void {
  response.set('Cache-Control', `public, max-age=${String(maximumAgeSeconds)}`).json(document);
}
