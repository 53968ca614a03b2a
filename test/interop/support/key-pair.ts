import { webcrypto } from 'node:crypto';
import { generateKeyPair } from 'oauth4webapi';

/** A key pair made without Assay: the handle that signs, and the public half as a JWK. */
export interface KeyPair {
  readonly kid: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicJwk: Readonly<Record<string, unknown>> & { readonly kty: string };
}

/** A fresh ES256 key pair. */
export async function keyPair(kid: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const { kty = '', crv, x, y } = await webcrypto.subtle.exportKey('jwk', publicKey);
  return { kid, privateKey, publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } };
}

/** A compact JWS of some claims, signed with Web Crypto. */
export async function signedJwt(
  { kid, privateKey }: KeyPair,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const input = [{ alg: 'ES256', kid }, claims].map(segment).join('.');
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await webcrypto.subtle.sign(algorithm, privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
