import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { isAssayError, type AssayError, type ResourceServer } from '@assay/core';
import { principalOf, protect, requireScope, type ProtectOptions } from '@assay/express';
import type { HostileRequest } from '@assay/testing';
import express, { type ErrorRequestHandler } from 'express';
import request, { type Response } from 'supertest';

/** An application with one protected route, and what was seen in it. */
export interface ProtectedApp {
  /** Listens on a free loopback port; `close` it when the tests are over. */
  readonly server: Server;
  /** How often the handler of the route has run. */
  readonly handlerCalls: () => number;
  /** The failures that reached the error handler of the application, in order; with `onFailure: 'next'` alone. */
  readonly failures: readonly AssayError[];
}

/** Starts an application whose one route, `/orders`, requires these scopes. */
export async function startProtectedApp(
  resourceServer: ResourceServer,
  { scopes = [], ...options }: ProtectOptions & { readonly scopes?: readonly string[] } = {},
): Promise<ProtectedApp> {
  let handlerCalls = 0;
  const failures: AssayError[] = [];
  const noteFailure: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    if (!isAssayError(error)) {
      next(error);
      return;
    }
    failures.push(error);
    response.json(resourceServer.challenge(error).body);
  };
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(protect(resourceServer, options));
  if (scopes.length > 0) app.use(requireScope(scopes));
  app.all('/orders', (req, response) => {
    handlerCalls += 1;
    response.json({ for: req.principal === undefined ? 'nobody' : principalOf(req).subject });
  });
  app.use(noteFailure);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, handlerCalls: () => handlerCalls, failures };
}

/** Sends a hostile request to `/orders`. */
export function send(
  { server }: Pick<ProtectedApp, 'server'>,
  { headers, query = {}, body }: Pick<HostileRequest, 'headers'> & Partial<HostileRequest>,
): Promise<Response> {
  const call =
    body === undefined ? request(server).get('/orders') : request(server).post('/orders').send(body);
  return call.set(headers).query(query).then();
}

/** Everything of an answer that its receiver sees, as one text. */
export function textOf({ status, headers, text }: Response): string {
  return `${String(status)} ${JSON.stringify(headers)} ${text}`;
}

/** The error in the challenge, which has to be the one in the body. */
export function errorIn({ headers, body }: Response): unknown {
  const { 'www-authenticate': challenge = '' } = headers as Readonly<Record<string, string | undefined>>;
  const inChallenge = /error="([^"]*)"/.exec(challenge)?.[1];
  const { error: inBody } = body as Readonly<Record<string, unknown>>;
  return inChallenge === inBody ? inChallenge : { inChallenge, inBody };
}
