import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createResourceServer } from '@assay/core';
import { protect } from '@assay/express';
import { fixedClock } from '@assay/testing';
import express, { type Express } from 'express';
import { baselineBuilder, nowSeconds } from './protected-api.js';
import { exchange, type RawAnswer } from './raw-http.js';

/** An API whose tokens say nothing: a real endpoint on loopback says what each of them is (RFC 7662). */
export interface OpaqueTokenApi {
  /** Sends a token of which the endpoint says this, beside what makes it valid here. */
  readonly sendIntrospected: (
    members: Readonly<Record<string, unknown>>,
    target: string,
  ) => Promise<RawAnswer>;
}

const servers: Server[] = [];

/** Starts the API and the endpoint that it asks. `closeOpaqueTokenApis` stops both. */
export async function startOpaqueTokenApi(routes: (app: Express) => void): Promise<OpaqueTokenApi> {
  const clock = fixedClock(nowSeconds);
  const builder = await baselineBuilder(clock);
  const { issuer, audience, jwks } = builder;
  const answers = new Map<string, unknown>();
  const endpoint = express();
  endpoint.post('/introspect', express.urlencoded({ extended: false }), (request, response) => {
    const { token } = request.body as { readonly token?: string };
    response.json(answers.get(token ?? '') ?? { active: false });
  });

  const app = express();
  const resourceServer = createResourceServer({
    issuer,
    audience,
    keys: jwks,
    clock,
    leewaySeconds: 0,
    allowInsecureLoopback: true,
    introspection: {
      endpoint: `http://127.0.0.1:${String(await listen(endpoint as RequestListener))}/introspect`,
      clientAuthentication: () => ({ headers: { authorization: 'Basic YXBpOnNlY3JldA==' } }),
      use: 'opaque-tokens',
    },
  });
  app.use(protect(resourceServer));
  routes(app);
  const port = await listen(app as RequestListener);

  return {
    sendIntrospected(members, target) {
      const token = `opaque-${String(answers.size)}`;
      answers.set(token, { active: true, ...builder.claims(), ...members });
      return exchange(port, { target, lines: [`Authorization: Bearer ${token}`] });
    },
  };
}

/** Stops every server that was started. For `afterAll`. */
export async function closeOpaqueTokenApis(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
