import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import {
  createResourceServer,
  failures,
  generateSigningJwk,
  type FailureCode,
  type IntrospectionEvent,
  type IntrospectionOptions,
  type Jwk,
  type ResourceServer,
  type ResourceServerOptions,
} from '@assay/core';
import { principalOf, protect, requireIntrospection, requireScope } from '@assay/express';
import { fixedClock, publicJwk, type FixedClock, type TokenBuilder } from '@assay/testing';
import express from 'express';
import { expectRefusal } from './expect-refusal.js';
import { startIntrospectionEndpoint, type IntrospectionEndpoint } from './introspection-endpoint.js';
import { baselineBuilder, nowSeconds } from './protected-api.js';
import { exchange, type RawAnswer, type RawRequest } from './raw-http.js';

/**
 * An API that asks an endpoint about its tokens. `/orders` answers 200 with what the principal is; `/orders/write` demands
 * the scope `orders:write`, and `/fresh` an answer of the issuer for this request.
 */
export interface IntrospectingApi {
  readonly endpoint: IntrospectionEndpoint;
  readonly builder: TokenBuilder;
  readonly clock: FixedClock;
  readonly resourceServer: ResourceServer;
  /** The key with which the API authenticates at the endpoint. */
  readonly clientKey: Jwk;
  readonly events: readonly IntrospectionEvent[];
  /** How often a handler has run. */
  readonly handlerCalls: () => number;
  readonly send: (request: RawRequest) => Promise<RawAnswer>;
  readonly sendToken: (token: string, target?: string) => Promise<RawAnswer>;
  /** Has the endpoint say that a token is good for this API, but for these members. */
  readonly issue: (token: string, members?: Readonly<Record<string, unknown>>) => void;
}

/** How an introspecting API differs from the usual. */
export interface IntrospectingApiOptions {
  readonly introspection?: Partial<IntrospectionOptions>;
  readonly settings?: Partial<ResourceServerOptions>;
  readonly builder?: TokenBuilder;
}

/** The identifier of the API as a client of the issuer. */
export const clientId = 'orders-api';

const servers: Server[] = [];

/** Starts an API for opaque tokens and JWTs, and its endpoint. `closeIntrospectingApis` stops the API. */
export async function startIntrospectingApi(
  options: IntrospectingApiOptions = {},
): Promise<IntrospectingApi> {
  const clock = fixedClock(nowSeconds);
  const builder = options.builder ?? (await baselineBuilder(clock));
  const { issuer, audience, jwks } = builder;
  const endpoint = await startIntrospectionEndpoint();
  const clientKey = await generateSigningJwk('ES256');
  const events: IntrospectionEvent[] = [];
  const resourceServer = createResourceServer({
    issuer,
    audience,
    keys: jwks,
    clock,
    leewaySeconds: 0,
    allowInsecureLoopback: true,
    ...options.settings,
    introspection: {
      endpoint: endpoint.url,
      clientAuthentication: { clientId, key: clientKey },
      use: 'opaque-tokens',
      onEvent: (event) => events.push(event),
      ...options.introspection,
    },
  });

  let handlerCalls = 0;
  const app = express();
  app.use(protect(resourceServer));
  app.all('/orders/write', requireScope('orders:write'));
  app.all('/fresh/write', requireScope('orders:write'), requireIntrospection());
  app.all('/fresh', requireIntrospection());
  app.all(/.*/, (request, response) => {
    handlerCalls += 1;
    const { subject, clientId: client, scopes, authorizationDetails } = principalOf(request);
    response.json({ subject, client, scopes, types: authorizationDetails.map(({ type }) => type) });
  });
  const server = createServer(app as RequestListener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const send = (request: RawRequest) => exchange(port, request);
  return {
    endpoint,
    builder,
    clock,
    resourceServer,
    clientKey: publicJwk(clientKey),
    events,
    handlerCalls: () => handlerCalls,
    send,
    sendToken: (token, target = '/orders') => send({ target, lines: [`Authorization: Bearer ${token}`] }),
    issue(token, members = {}) {
      endpoint.say(token, { active: true, ...builder.claims(), ...members });
    },
  };
}

/** Stops every API that was started. For `afterAll`. */
export async function closeIntrospectingApis(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}

/** Expects that a call is refused as the catalogue says, and that no handler ran. */
export async function expectRefused(
  api: IntrospectingApi,
  call: () => Promise<RawAnswer>,
  code: FailureCode,
): Promise<void> {
  const before = api.handlerCalls();
  expectRefusal(await call(), code);
  expect(api.handlerCalls()).toBe(before);
}

/** Expects a 503 that makes nobody throw a token away, that no handler ran, and one more alert. */
export async function expectOutage(api: IntrospectingApi, call: () => Promise<RawAnswer>): Promise<void> {
  const before = { calls: api.handlerCalls(), alerts: api.events.length };
  const answer = await call();
  const { error, description } = failures['service.introspection-unavailable'];
  expect(answer.status).toBe(503);
  expect(answer.headers['www-authenticate']).toBeUndefined();
  expect(answer.headers['retry-after']).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  expect(JSON.parse(answer.body)).toEqual({ error, error_description: description });
  expect(answer.text).not.toContain('invalid_token');
  expect(api.handlerCalls()).toBe(before.calls);
  expect(api.events.slice(before.alerts)).toEqual([
    { kind: 'introspection-failed', level: 'alert', issuer: api.builder.issuer, error: expect.any(Error) },
  ]);
}
