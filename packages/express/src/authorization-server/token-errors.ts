import { isAssayError, requestViewOf, SetupError } from '@assay/core';
import type { AuthorizationServer } from '@assay/core/authorization-server';
import type { ErrorRequestHandler, Request, Response } from 'express';

/**
 * Error-handling middleware that answers what `issueAccessToken` refuses, and passes every other error on.
 * `tokenRequest` brings it along in a route; it is needed only where handlers stand outside of that route.
 *
 * Spec: RFC 6749 section 5.2.
 */
export function tokenErrors(server: AuthorizationServer): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const isOurs = isAssayError(error) || error instanceof SetupError;
    if (response.headersSent || !isOurs) next(error);
    else refuseTokenRequest(error, { server, request, response });
  };
}

/** Answers a failure of the token endpoint. What only the operator can mend is told to the operator alone. */
export function refuseTokenRequest(
  error: unknown,
  { server, request, response }: { server: AuthorizationServer; request: Request; response: Response },
): void {
  if (!isAssayError(error)) process.emitWarning(String(error), { type: 'AssayWarning' });
  const { status, headers, body } = server.refusal(error, requestViewOf(request));
  response.status(status).set(headers).json(body);
}
