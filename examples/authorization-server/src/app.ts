import express, { type Express } from 'express';
import { generateSigningJwk, inMemoryStores, type Clock, type Jwk } from '@assay/core';
import { createAuthorizationServer, type AuthorizationServer } from '@assay/core/authorization-server';
import {
  authorizationServerMetadata,
  jwks,
  tokenRequest,
  tokenRequestOf,
} from '@assay/express/authorization-server';
import type { Config } from './config.js';

/** The authorization server that a configuration describes, with a fresh signing key. */
export async function createServer(config: Config, clock?: Clock): Promise<AuthorizationServer> {
  return createAuthorizationServer({
    issuer: config.issuer,
    allowInsecureLoopback: config.allowInsecureLoopback ?? false,
    keys: [await generateSigningJwk('ES256')],
    resources: config.resources,
    assertionIssuers: config.assertionIssuers.map(assertionIssuerOf),
    // One process: enough for an example. Instances that share their work need a store that they share.
    stores: inMemoryStores(clock === undefined ? {} : { clock }),
    ...(clock === undefined ? {} : { clock }),
  });
}

/** Metadata, key set and token endpoint over HTTP. */
export function createApp(server: AuthorizationServer): Express {
  const app = express();
  app.use(authorizationServerMetadata(server), jwks(server));
  app.all('/token', tokenRequest(server), async (req, res) => {
    res.json(await server.issueAccessToken(tokenRequestOf(req)));
  });
  return app;
}

type ConfiguredIssuer = Config['assertionIssuers'][number];

function assertionIssuerOf({
  jwks: keySet,
  jwks_uri: jwksUri,
  clients,
  singleUse = true,
  ...issuer
}: ConfiguredIssuer) {
  return {
    ...issuer,
    keys: jwksUri === undefined ? { keys: (keySet?.keys ?? []) as Jwk[] } : { jwksUri },
    singleUse,
    clientId: clients[0] ?? '',
  };
}
