import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { generateSigningJwk, inMemoryStores, type Claims } from '@assay/core';
import {
  createAuthorizationServer,
  jwtBearerGrantType,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from '@assay/core/authorization-server';
import { compactJws, publicJwk, type TokenVariation } from '@assay/testing';
import express, { type Express } from 'express';
// The package is Express 4 under a name of its own; its types are those of Express 5.
import express4 from 'express4';

export const versions = [
  ['Express 5', express],
  ['Express 4', express4],
] as const;

export type ExpressFactory = (typeof versions)[number][1];

export const resource = 'https://api.example';
export const serverKey = await generateSigningJwk('RS256');
export const partnerKey = await generateSigningJwk('ES256');

/** An authorization server in an app that listens on a free loopback port. */
export interface RunningApp {
  readonly origin: string;
  readonly issuer: string;
  readonly server: AuthorizationServer;
  /** An assertion that the server accepts but for the claims given. */
  readonly assertion: (claims?: Claims, variation?: TokenVariation) => string;
  /** Posts a grant form to `/token`. */
  readonly grant: (form?: Readonly<Record<string, string>>, init?: RequestInit) => Promise<Response>;
  readonly close: () => Promise<void>;
}

/** Starts an app that `mount` has given its routes. */
export async function startApp(
  factory: ExpressFactory,
  mount: (app: Express, server: AuthorizationServer) => void,
  changes: Partial<AuthorizationServerOptions> & { path?: string } = {},
): Promise<RunningApp> {
  const { path = '', ...options } = changes;
  const app = factory();
  const http = createServer(app).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const origin = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
  const issuer = `${origin}${path}`;
  const server = createAuthorizationServer({
    issuer,
    keys: [serverKey],
    resources: [{ resource, scopes: ['orders:read', 'orders:write'] }],
    assertionIssuers: [
      {
        issuer: 'partner',
        keys: publicJwk(partnerKey),
        subjects: ['robot-1'],
        scopes: ['orders:read', 'orders:write'],
        requireClient: false,
        clientId: 'partner-client',
      },
    ],
    stores: inMemoryStores(),
    allowInsecureLoopback: true,
    ...options,
  });
  mount(app, server);

  const assertion: RunningApp['assertion'] = (claims = {}, { header, key = partnerKey } = {}) => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return compactJws({
      header: { alg: 'ES256', kid: partnerKey['kid'], ...header },
      payload: {
        iss: 'partner',
        sub: 'robot-1',
        aud: issuer,
        iat: nowSeconds,
        exp: nowSeconds + 60,
        jti: randomUUID(),
        ...claims,
      },
      key,
    });
  };

  return {
    origin,
    issuer,
    server,
    assertion,
    grant: (form = {}, init = {}) =>
      fetch(`${origin}/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: jwtBearerGrantType, assertion: assertion(), ...form }),
        ...init,
      }),
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
