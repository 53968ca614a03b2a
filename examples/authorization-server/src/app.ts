import express, { type Express } from 'express';
import { generateSigningJwk, inMemoryStores, type Clock, type Jwk, type Stores } from '@assay/core';
import {
  createAuthorizationServer,
  type AuthorizationServer,
  type ClientMetadata,
  type GrantIssuerOptions,
} from '@assay/core/authorization-server';
import {
  authorizationServerMetadata,
  jwks,
  tokenRequest,
  tokenRequestOf,
} from '@assay/express/authorization-server';
import type { Config } from './config.js';

/** What a server has beside its configuration. */
export interface Surroundings {
  readonly clock?: Clock;
  /** Default: in memory, for one process. Instances that share their work need stores that they share. */
  readonly stores?: Stores;
}

/** The authorization server that a configuration describes, with a fresh signing key. */
export async function createServer(
  config: Config,
  { clock, stores = inMemoryStores(clock === undefined ? {} : { clock }) }: Surroundings = {},
): Promise<AuthorizationServer> {
  return createAuthorizationServer({
    issuer: config.issuer,
    allowInsecureLoopback: config.allowInsecureLoopback ?? false,
    keys: [await generateSigningJwk('ES256')],
    resources: config.resources,
    ...(config.assertionIssuers.length === 0
      ? {}
      : { assertionIssuers: config.assertionIssuers.map(assertionIssuerOf) }),
    clients: (config.clients ?? []).map(clientOf),
    stores,
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
  requireClient = true,
  ...issuer
}: ConfiguredIssuer): GrantIssuerOptions {
  const keys = jwksUri === undefined ? { keys: (keySet?.keys ?? []) as Jwk[] } : { jwksUri };
  const trusted = { ...issuer, keys, singleUse };
  if (requireClient) return { ...trusted, clients };
  return { ...trusted, requireClient, clientId: clients[0] ?? '' };
}

/** The client as core knows it: what the file leaves out stays out. */
function clientOf(client: NonNullable<Config['clients']>[number]): ClientMetadata {
  return Object.fromEntries(
    Object.entries(client).filter(([, value]) => value !== undefined),
  ) as unknown as ClientMetadata;
}
