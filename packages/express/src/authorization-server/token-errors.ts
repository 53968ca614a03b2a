import { requestViewOf, SetupError } from '@assay/core';
import type { AuthorizationServer } from '@assay/core/authorization-server';
import type { ErrorRequestHandler, Request, Response } from 'express';

/**
 * Error-handling middleware that answers what `issueAccessToken` refuses. `tokenRequest` brings it along in a route; it
 * is needed only where handlers stand outside of that route.
 *
 * Spec: RFC 6749 section 5.2.
 */
export function tokenErrors(server: AuthorizationServer): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) next(error);
    else refuseTokenRequest(error, { server, request, response });
  };
}

/** Answers a failure of the token endpoint. A mistake in the set-up is told to the operator, not to the caller. */
export function refuseTokenRequest(
  error: unknown,
  { server, request, response }: { server: AuthorizationServer; request: Request; response: Response },
): void {
  if (error instanceof SetupError) process.emitWarning(error.message, { type: 'AssayWarning' });
  const { status, headers, body } = server.refusal(error, requestViewOf(request));
  response.status(status).set(headers).json(body);
}
