import { constants, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { Algorithm, Jwk } from '@assay/core';

/** A part of a JWS: an object to be written as JSON, or the exact text or bytes. */
export type JwsPart = Readonly<Record<string, unknown>> | string | Uint8Array;

/** What a compact JWS is made of. Nothing is checked: made for tokens that no library would sign. */
export interface CompactJwsParts {
  readonly header: JwsPart;
  readonly payload: JwsPart;
  /** The private key, as a JWK. */
  readonly key: Jwk;
  /** The algorithm that really signs, whatever the header says. Default: the JWK's `alg`. */
  readonly alg?: Algorithm;
}

/** A compact JWS with exactly these parts, rightly signed over the bytes that are in it. */
export function compactJws({ header, payload, key, alg = key['alg'] as Algorithm }: CompactJwsParts): string {
  const signingInput = `${encode(header)}.${encode(payload)}`;
  return `${signingInput}.${signatureOver(signingInput, key, alg).toString('base64url')}`;
}

/** The signature over exactly this text, with a private JWK. Default: the JWK's `alg`. */
export function signatureOver(signingInput: string, key: Jwk, alg = key['alg'] as Algorithm): Buffer {
  return signBytes(key, alg, Buffer.from(signingInput));
}

const privateKeys = new WeakMap<Jwk, KeyObject>();

function signBytes(jwk: Jwk, alg: Algorithm, input: Buffer): Buffer {
  const key = privateKeys.get(jwk) ?? createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  privateKeys.set(jwk, key);
  const digest = /^(RS|PS|ES)/.test(alg) ? `sha${alg.slice(2)}` : null;
  if (alg.startsWith('ES')) return sign(digest, input, { key, dsaEncoding: 'ieee-p1363' });
  if (alg.startsWith('PS')) {
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
    return sign(digest, input, { key, padding, saltLength });
  }
  return sign(digest, input, key);
}

function encode(part: JwsPart): string {
  const bytes = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString('base64url');
}
