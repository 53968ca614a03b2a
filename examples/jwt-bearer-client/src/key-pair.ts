import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createJwtSigner, generateSigningJwk, type Jwk } from '@assay/core';

const keys = fileURLToPath(new URL('../keys/', import.meta.url));
const privateKeyFile = `${keys}private.jwk.json`;

/**
 * The client's private key. Made on first use, for its owner's eyes only, with the public half beside it in
 * `keys/jwks.json`, which is what an authorization server is given. A real client keeps its key in a KMS or a secret
 * store and passes `{ alg, kid, sign }` instead.
 */
export async function clientKey(): Promise<Jwk> {
  if (!existsSync(privateKeyFile)) await makeKeyPair();
  return JSON.parse(readFileSync(privateKeyFile, 'utf8')) as Jwk;
}

async function makeKeyPair(): Promise<void> {
  const key = await generateSigningJwk('ES256');
  const { publicJwk } = await createJwtSigner(key);
  mkdirSync(keys, { recursive: true });
  writeFileSync(privateKeyFile, JSON.stringify(key), { mode: 0o600 });
  chmodSync(privateKeyFile, 0o600);
  writeFileSync(`${keys}jwks.json`, JSON.stringify({ keys: [publicJwk] }, null, 2));
}
