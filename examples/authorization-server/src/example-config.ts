import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Jwk } from '@assay/core';
import type { Config } from './config.js';

const exampleClientFile = (path: string) =>
  fileURLToPath(new URL(`../../jwt-bearer-client/${path}`, import.meta.url));

/** Where the example client leaves its public key when it makes a pair. Its private key never comes here. */
const publicKeys = exampleClientFile('keys/jwks.json');

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
    assertionIssuers: [exampleClient()],
  };
}

function exampleClient(): Config['assertionIssuers'][number] {
  return {
    issuer: 'nightly-agent',
    jwks: JSON.parse(exampleClientKeys()) as { keys: Jwk[] },
    subjects: ['nightly-agent'],
    scopes: ['orders:read', 'orders:write', 'reports:read'],
    clients: ['nightly-agent'],
    requireClient: false,
  };
}

/** The example client's public keys. A client that has none yet is asked to make its pair. */
function exampleClientKeys(): string {
  if (!existsSync(publicKeys)) execFileSync(process.execPath, [exampleClientFile('dist/make-key.js')]);
  return readFileSync(publicKeys, 'utf8');
}
