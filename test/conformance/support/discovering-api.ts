import type { AccessTokenOptions, Jwk, KeyEvent } from '@assay/core';
import { createTokenBuilder, fixedClock, publicJwk, type FixedClock } from '@assay/testing';
import { startDocumentServer, type DocumentServer } from './document-server.js';
import { nowSeconds, startProtectedApi, type ProtectedApi } from './protected-api.js';

/** A protected API that discovers the keys of its issuer over real HTTP. Nothing but `/jwks` is served yet. */
export interface DiscoveringApi extends ProtectedApi {
  readonly server: DocumentServer;
  readonly clock: FixedClock;
  readonly events: readonly KeyEvent[];
  /** The issuer identifier: the origin of the server, and the path. */
  readonly issuer: string;
  /** Where the key set is. */
  readonly jwksUri: string;
  readonly key: Jwk;
}

/** Starts such an API for an issuer with this path. */
export async function startDiscoveringApi(
  path = '',
  settings: Partial<AccessTokenOptions> = {},
): Promise<DiscoveringApi> {
  const server = await startDocumentServer();
  const clock = fixedClock(nowSeconds);
  const issuer = `${server.origin}${path}`;
  const builder = await createTokenBuilder({ issuer, audience: 'https://api.example', kid: 'k1', clock });
  const events: KeyEvent[] = [];
  server.serve('/jwks', { keys: [publicJwk(builder.key)] });
  const api = await startProtectedApi({
    clock,
    builder,
    discovery: true,
    settings: {
      onKeyEvent: (event) => events.push(event),
      ...settings,
    },
  });
  return { ...api, server, clock, events, issuer, jwksUri: `${server.origin}/jwks`, key: builder.key };
}
