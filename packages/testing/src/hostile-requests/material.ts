import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { Claims, Jwk } from '@assay/core';
import { compactJws, type JwsPart } from '../compact-jws.js';
import type { TokenBuilder, TokenVariation } from '../token-builder.js';

/** What of a test issuer, or of a token builder, attacks are made from. */
export type AttackedIssuer = Pick<TokenBuilder, 'issuer' | 'audience' | 'key' | 'header' | 'claims'>;

/** What the protected route expects of a token. */
export interface Expectation {
  /** Default: the audience of the issuer. */
  readonly audience?: string;
  /** The scopes that the route requires, separated by spaces. Default: none. */
  readonly scope?: string;
}

/** What attacks are made from: tokens that would be accepted but for the one thing that an attack changes. */
export interface Material {
  readonly issuer: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  /** The issuer's private key. */
  readonly key: Jwk;
  /** A key of the same sort, with the same `kid`, that no issuer has published. */
  readonly attackerKey: Jwk;
  readonly header: () => Record<string, unknown>;
  readonly claims: () => Record<string, unknown>;
  /** An acceptable token but for the claims and the variation given. */
  readonly token: (claims?: Claims, variation?: TokenVariation) => string;
  /** A token of exactly these parts, signed by the issuer. Default: those of an acceptable token. */
  readonly signed: (parts: { readonly header?: JwsPart; readonly payload?: JwsPart }) => string;
}

/** The material for attacks on what an issuer's tokens open. */
export function materialFrom(
  attacked: AttackedIssuer,
  { audience = attacked.audience, scope }: Expectation,
): Material {
  const { key } = attacked;
  const header = () => attacked.header();
  const claims = () => ({
    ...attacked.claims(),
    aud: audience,
    ...(scope === undefined ? {} : { scope }),
  });
  let attackerKey: Jwk | undefined;
  return {
    issuer: attacked.issuer,
    audience,
    scopes: scopesOf(scope),
    key,
    get attackerKey() {
      return (attackerKey ??= keyLike(key));
    },
    header,
    claims,
    token: (changedClaims = {}, variation = {}) =>
      compactJws({
        header: { ...header(), ...variation.header },
        payload: { ...claims(), ...changedClaims },
        key: variation.key ?? key,
        ...(variation.alg === undefined ? {} : { alg: variation.alg }),
      }),
    signed: (parts) => compactJws({ header: header(), payload: claims(), key, ...parts }),
  };
}

/** The scopes of a space-separated list. */
export function scopesOf(scope = ''): readonly string[] {
  return scope.split(' ').filter((name) => name !== '');
}

/** The JSON text of an object with some members, as text, before its own. */
export function jsonWith(members: string, object: Readonly<Record<string, unknown>>): string {
  return `{${members},${JSON.stringify(object).slice(1)}`;
}

function keyLike({ kty, crv, alg, kid }: Jwk): Jwk {
  const der =
    kty === 'EC'
      ? privateKeyOf('ec', { namedCurve: crv })
      : kty === 'RSA'
        ? privateKeyOf('rsa', { modulusLength: 2048 })
        : // Ed25519 and its like, which Node calls as JOSE does.
          privateKeyOf(String(kty === 'OKP' ? crv : alg).toLowerCase());
  const jwk = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' });
  return { ...jwk, kty, alg, kid };
}

/** By way of DER: on Node 20, a JWK straight from a key pair that was just made can wait for ever. */
function privateKeyOf(type: string, options: object = {}): Buffer {
  const pair: unknown = generateKeyPairSync(type as 'ed25519', {
    ...options,
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  return (pair as { readonly privateKey: Buffer }).privateKey;
}
