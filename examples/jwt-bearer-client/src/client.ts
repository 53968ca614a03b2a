import type { Jwk } from '@assay/core';
import { createJwtBearerClient, type JwtBearerClient } from '@assay/client';

/** Which API the token is for, and what it may do there. */
export interface Access {
  readonly authorizationServer: string;
  readonly resource: string;
  readonly scope: readonly string[];
}

/** The nightly agent: it holds a private key and no secret, and speaks for itself. */
export function createNightlyAgent(
  key: Jwk,
  { authorizationServer, resource, scope }: Access,
): JwtBearerClient {
  return createJwtBearerClient({
    authorizationServer,
    assertion: { issuer: 'nightly-agent', subject: 'nightly-agent', key },
    resource,
    scope,
    allowInsecureLoopback: true,
  });
}
