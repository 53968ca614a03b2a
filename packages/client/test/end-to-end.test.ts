import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createJwtBearerClient } from '@assay/client';
import { createResourceServer, generateSigningJwk, inMemoryStores, type Jwk } from '@assay/core';
import { createAuthorizationServer } from '@assay/core/authorization-server';
import {
  authorizationServerMetadata,
  jwks,
  tokenRequest,
  tokenRequestOf,
} from '@assay/express/authorization-server';
import { publicJwk } from '@assay/testing';
import express from 'express';

const resource = 'https://api.example';

describe('a grant from end to end', () => {
  let http: Server;
  let issuer: string;
  let clientKey: Jwk;

  beforeAll(async () => {
    clientKey = await generateSigningJwk('ES256');
    const app = express();
    http = createServer(app).listen(0, '127.0.0.1');
    await once(http, 'listening');
    issuer = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
    const server = createAuthorizationServer({
      issuer,
      keys: [await generateSigningJwk('RS256')],
      resources: [{ resource, scopes: ['orders:read', 'orders:write'], accessTokenLifetimeSeconds: 300 }],
      assertionIssuers: [
        {
          issuer: 'batch',
          keys: publicJwk(clientKey),
          subjects: ['nightly-report'],
          scopes: ['orders:read'],
          requireClient: false,
          clientId: 'batch-client',
        },
      ],
      stores: inMemoryStores(),
      allowInsecureLoopback: true,
    });
    app.post('/token', tokenRequest(server), async (request, response) => {
      response.json(await server.issueAccessToken(tokenRequestOf(request)));
    });
    app.use(authorizationServerMetadata(server), jwks(server));
  });
  afterAll(async () => {
    const closed = once(http, 'close');
    http.close();
    http.closeAllConnections();
    await closed;
  });

  it('gets a token that the resource server verifies through discovery', async () => {
    const client = createJwtBearerClient({
      authorizationServer: issuer,
      assertion: { issuer: 'batch', subject: 'nightly-report', key: clientKey },
      resource,
      allowInsecureLoopback: true,
    });
    const { accessToken, scope } = await client.getToken();
    expect(scope).toEqual(['orders:read']);
    const api = createResourceServer({ issuer, audience: resource, allowInsecureLoopback: true });
    const principal = await api.authenticate({
      method: 'GET',
      url: '/orders',
      headers: { authorization: [`Bearer ${accessToken}`] },
    });
    expect(principal).toMatchObject({
      issuer,
      subject: 'nightly-report',
      clientId: 'batch-client',
      scopes: ['orders:read'],
      audience: [resource],
    });
  });
});
