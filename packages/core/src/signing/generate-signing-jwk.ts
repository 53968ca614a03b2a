import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { Algorithm } from '../algorithms.js';
import type { Jwk } from '../keys/fixed-keys.js';

/** A fresh private signing key as a JWK with `alg` and `kid` (its thumbprint), for development and tests. */
export async function generateSigningJwk(alg: Algorithm = 'ES256'): Promise<Jwk> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg, kid: await calculateJwkThumbprint(jwk) } as unknown as Jwk;
}
