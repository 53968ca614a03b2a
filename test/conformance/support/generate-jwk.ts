import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Jwk } from '@assay/core';

/** The kinds of keys that tests need, the bad ones among them. */
export type KeyKind = keyof typeof kinds;

const kinds = {
  'RSA 1024': ['rsa', { modulusLength: 1024 }],
  'RSA 2047': ['rsa', { modulusLength: 2047 }],
  'RSA 2048': ['rsa', { modulusLength: 2048 }],
  'P-256': ['ec', { namedCurve: 'P-256' }],
  'P-384': ['ec', { namedCurve: 'P-384' }],
  'P-521': ['ec', { namedCurve: 'P-521' }],
  secp256k1: ['ec', { namedCurve: 'secp256k1' }],
  Ed25519: ['ed25519', {}],
  Ed448: ['ed448', {}],
  X25519: ['x25519', {}],
} as const;

// Exporting straight from the key objects that the generator makes can deadlock on Node 20, so the keys leave it as
// DER.
const generate = promisify(generateKeyPair) as unknown as (
  type: string,
  options: object,
) => Promise<{ privateKey: Buffer }>;

const encodings = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
};

/** A fresh private key of a kind, as a JWK with what is given beside its key members. */
export async function generateJwk(kind: KeyKind, members: Record<string, unknown> = {}): Promise<Jwk> {
  const { privateKey } = await generate(kinds[kind][0], { ...kinds[kind][1], ...encodings });
  return { ...keyObjectOf(privateKey).export({ format: 'jwk' }), ...members } as Jwk;
}

function keyObjectOf(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
