import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  createJwtSigner,
  generateSigningJwk,
  inMemoryStores,
  type Jwk,
} from '@assay/core';
import { createAuthorizationServer, type AuthorizationServer } from '@assay/core/authorization-server';
import { principalOf, protect, requireScope } from '@assay/express';
import {
  authorizationServerMetadata,
  jwks,
  tokenRequest,
  tokenRequestOf,
} from '@assay/express/authorization-server';
import express, { type Express } from 'express';
import { createNightlyAgent } from '../src/client.js';

describe('the nightly agent', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  /** A server that listens, so that its URL is known before there is an app. */
  async function listen(): Promise<{ url: string; serve: (app: Express) => void }> {
    const server = createServer().listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    return { url, serve: (app) => server.on('request', app) };
  }

  function tokenEndpoint(server: AuthorizationServer): Express {
    return express()
      .use(authorizationServerMetadata(server), jwks(server))
      .all('/token', tokenRequest(server), async (req, res) => {
        res.json(await server.issueAccessToken(tokenRequestOf(req)));
      });
  }

  function ordersApi(issuer: string, audience: string): Express {
    const resourceServer = createResourceServer({ issuer, audience, allowInsecureLoopback: true });
    return express()
      .use(protect(resourceServer), requireScope('orders:read'))
      .get('/orders', (req, res) => {
        res.json({ for: principalOf(req).clientId });
      });
  }

  /** An API, and an authorization server that knows the agent's public key. */
  async function start(agentKey: Jwk): Promise<{ api: string; authorizationServer: string }> {
    const { publicJwk } = await createJwtSigner(agentKey);
    const [api, authorizationServer] = await Promise.all([listen(), listen()]);
    const server = createAuthorizationServer({
      issuer: authorizationServer.url,
      allowInsecureLoopback: true,
      keys: [await generateSigningJwk()],
      resources: [{ resource: api.url, scopes: ['orders:read'], accessTokenLifetimeSeconds: 300 }],
      assertionIssuers: [
        {
          issuer: 'nightly-agent',
          keys: publicJwk as Jwk,
          subjects: ['nightly-agent'],
          scopes: ['orders:read'],
          requireClient: false,
          clientId: 'nightly-agent',
        },
      ],
      stores: inMemoryStores(),
    });
    authorizationServer.serve(tokenEndpoint(server));
    api.serve(ordersApi(authorizationServer.url, api.url));
    return { api: api.url, authorizationServer: authorizationServer.url };
  }

  it('calls an API with a token that it gets for its signature', async () => {
    const key = await generateSigningJwk();
    const { api, authorizationServer } = await start(key);
    const agent = createNightlyAgent(key, { authorizationServer, resource: api, scope: ['orders:read'] });
    const response = await agent.fetch(`${api}/orders`);
    expect([response.status, await response.json()]).toEqual([200, { for: 'nightly-agent' }]);
  });

  it('gets no token with a key that the authorization server does not know', async () => {
    const { api, authorizationServer } = await start(await generateSigningJwk());
    const stranger = createNightlyAgent(await generateSigningJwk(), {
      authorizationServer,
      resource: api,
      scope: ['orders:read'],
    });
    await expect(stranger.fetch(`${api}/orders`)).rejects.toMatchObject({
      code: 'token-request.refused',
      error: 'invalid_grant',
      status: 400,
    });
  });
});
