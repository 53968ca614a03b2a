import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Jwk } from '@assay/core';
import type { Config } from './config.js';

/** Where the example client leaves its public key when it makes a pair. Its private key never comes here. */
const exampleClientKeys = fileURLToPath(new URL('../../jwt-bearer-client/keys/jwks.json', import.meta.url));

/** The configuration that is used without a file: the two example APIs behind this port, and the example client. */
export function exampleConfig(port: number): Config {
  const origin = (offset: number) => `http://127.0.0.1:${String(port + offset)}`;
  const accessTokenLifetimeSeconds = 300;
  return {
    issuer: origin(0),
    port,
    allowInsecureLoopback: true,
    resources: [
      { resource: origin(1), scopes: ['orders:read', 'orders:write'], accessTokenLifetimeSeconds },
      { resource: origin(2), scopes: ['reports:read', 'reports:write'], accessTokenLifetimeSeconds },
    ],
    assertionIssuers: existsSync(exampleClientKeys) ? [exampleClient()] : [],
  };
}

function exampleClient(): Config['assertionIssuers'][number] {
  return {
    issuer: 'nightly-agent',
    jwks: JSON.parse(readFileSync(exampleClientKeys, 'utf8')) as { keys: Jwk[] },
    subjects: ['nightly-agent'],
    scopes: ['orders:read', 'orders:write', 'reports:read'],
    clients: ['nightly-agent'],
    requireClient: false,
  };
}
