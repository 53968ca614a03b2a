import { randomUUID } from 'node:crypto';
import {
  generateSigningJwk,
  systemClock,
  type Algorithm,
  type Claims,
  type Clock,
  type Jwk,
  type JwkSet,
} from '@assay/core';
import { compactJws } from './compact-jws.js';

/** Who issues the tokens, and for whom. */
export interface TokenBuilderOptions {
  /** Default `https://as.example`. */
  readonly issuer?: string;
  /** Default `https://api.example`. */
  readonly audience?: string;
  /** Default `ES256`. */
  readonly alg?: Algorithm;
  /** The `kid` of the key. Default: its thumbprint. */
  readonly kid?: string;
  readonly clock?: Clock;
}

/** What one token has in another way than the valid ones. */
export interface TokenVariation {
  /** Header members to set, or to leave out with `undefined`. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Another private key to sign with. The header keeps naming the builder's key. */
  readonly key?: Jwk;
  /** The algorithm that really signs. Default: that of the key. */
  readonly alg?: Algorithm;
}

/** Makes tokens that are valid by default, so that a test changes one thing. */
export interface TokenBuilder {
  readonly issuer: string;
  readonly audience: string;
  /** The private key, as a JWK with `kid` and `alg`. */
  readonly key: Jwk;
  /** The public key set. */
  readonly jwks: JwkSet;
  /** The header of a valid access token. */
  readonly header: () => Record<string, unknown>;
  /** The claims of a valid access token, fresh `jti`, five minutes to live. */
  readonly claims: () => Record<string, unknown>;
  /** A valid access token but for the claims given; `undefined` leaves a claim out. */
  readonly accessToken: (claims?: Claims, variation?: TokenVariation) => string;
}

/** A token builder with a fresh key. */
export async function createTokenBuilder(options: TokenBuilderOptions = {}): Promise<TokenBuilder> {
  const { issuer = 'https://as.example', audience = 'https://api.example', alg = 'ES256', clock } = options;
  const generated = await generateSigningJwk(alg);
  const key: Jwk = options.kid === undefined ? generated : { ...generated, kid: options.kid };
  return tokenBuilderFor({ issuer, audience, key, clock: clock ?? systemClock });
}

/** A token builder with a key that exists already. */
export function tokenBuilderFor({
  issuer,
  audience,
  key,
  clock,
}: {
  readonly issuer: string;
  readonly audience: string;
  readonly key: Jwk;
  readonly clock: Clock;
}): TokenBuilder {
  const header = () => ({ alg: key['alg'], typ: 'at+jwt', kid: key['kid'] });
  const claims = () => validClaims({ issuer, audience, nowSeconds: Math.floor(clock.nowMs() / 1000) });
  return {
    issuer,
    audience,
    key,
    jwks: { keys: [publicJwk(key)] },
    header,
    claims,
    accessToken: (changedClaims = {}, variation = {}) =>
      compactJws({
        header: { ...header(), ...variation.header },
        payload: { ...claims(), ...changedClaims },
        key: variation.key ?? key,
        ...(variation.alg === undefined ? {} : { alg: variation.alg }),
      }),
  };
}

/** The claims of a valid access token: subject `user-1`, client `client-1`, five minutes to live. */
export function validClaims({
  issuer,
  audience,
  nowSeconds,
}: {
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: number;
}): Record<string, unknown> {
  return {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    jti: randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + 300,
  };
}

const privateMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'priv']);

/** The public half of a private JWK. */
export function publicJwk(key: Jwk): Jwk {
  return Object.fromEntries(Object.entries(key).filter(([name]) => !privateMembers.has(name))) as Jwk;
}
