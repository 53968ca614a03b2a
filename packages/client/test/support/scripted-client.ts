import { createJwtBearerClient, type JwtBearerClient, type JwtBearerClientOptions } from '@assay/client';
import { generateSigningJwk, type Claims } from '@assay/core';
import { fixedClock, type FixedClock } from '@assay/testing';
import { startScriptedServer, type ScriptedServer } from './scripted-server.js';

export const nowSeconds = 1_800_000_000;

export const key = await generateSigningJwk('ES256');

export const metadataPath = '/.well-known/oauth-authorization-server';

/** A token that is no JWT: a client has no business looking into it. */
export const opaqueToken = 'opaque-access-token-1';

export const tokenAnswer = {
  json: { access_token: opaqueToken, token_type: 'Bearer', expires_in: 300, scope: 'orders:read' },
};

/** A client, and an authorization server and an API in one that answer as they are told. */
export interface ScriptedClient {
  readonly client: JwtBearerClient;
  readonly server: ScriptedServer;
  readonly clock: FixedClock;
  /** Another client of the same server. */
  readonly another: (changes?: Partial<JwtBearerClientOptions>) => JwtBearerClient;
  /** The token requests that arrived, as forms. */
  readonly tokenRequests: () => readonly URLSearchParams[];
}

export async function scriptedClient(changes: Partial<JwtBearerClientOptions> = {}): Promise<ScriptedClient> {
  const server = await startScriptedServer();
  const clock = fixedClock(nowSeconds);
  server.script(metadataPath, {
    json: { issuer: server.origin, token_endpoint: `${server.origin}/token` },
  });
  server.script('/token', tokenAnswer);
  const another: ScriptedClient['another'] = (more = {}) =>
    createJwtBearerClient({
      authorizationServer: server.origin,
      assertion: { issuer: 'partner', subject: 'robot-1', key },
      resource: `${server.origin}/api`,
      allowInsecureLoopback: true,
      clock,
      ...changes,
      ...more,
    });
  return {
    client: another(),
    server,
    clock,
    another,
    tokenRequests: () =>
      server.requests.filter(({ path }) => path === '/token').map(({ body }) => new URLSearchParams(body)),
  };
}

/** The header and the claims of a JWT. */
export function partsOf(jwt: string | null): { header: Claims; claims: Claims } {
  const [header, claims] = (jwt ?? '').split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header ?? '') as Claims, claims: JSON.parse(claims ?? '') as Claims };
}
