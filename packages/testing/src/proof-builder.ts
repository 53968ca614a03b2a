import { createHash, randomUUID } from 'node:crypto';
import {
  generateSigningJwk,
  jwkThumbprint,
  systemClock,
  type Algorithm,
  type Claims,
  type Clock,
  type Jwk,
} from '@assay/core';
import { compactJws } from './compact-jws.js';
import { publicJwk } from './token-builder.js';

/** What makes the proofs. */
export interface ProofBuilderOptions {
  /** Default `ES256`. */
  readonly alg?: Algorithm;
  readonly clock?: Clock;
}

/** The request that a proof is for. */
export interface ProvenRequest {
  /** Default `GET`. */
  readonly method?: string;
  /** The whole URL, as the server is known to the outside. */
  readonly url: string;
  /** The access token that goes with the proof. Default: none, and no `ath`. */
  readonly accessToken?: string;
  /** The server's nonce. Default: none. */
  readonly nonce?: string;
}

/** What one proof has in another way than the valid ones. */
export interface ProofVariation {
  /** Header members to set, or to leave out with `undefined`. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims to set, or to leave out with `undefined`. */
  readonly claims?: Claims;
  /** Another private key to sign with. The header keeps naming the builder's key. */
  readonly key?: Jwk;
  /** The algorithm that really signs. Default: that of the key. */
  readonly alg?: Algorithm;
}

/** The headers of a request with a token that is bound to a key. */
export type ProofHeaders = Readonly<Record<'authorization' | 'dpop', string>>;

/** Makes DPoP proofs that are valid by default, so that a test changes one thing. */
export interface ProofBuilder {
  /** The private key, as a JWK with `alg`. */
  readonly key: Jwk;
  /** What `cnf.jkt` of a token is that is bound to the key: `accessToken({ cnf: { jkt: thumbprint } })`. */
  readonly thumbprint: string;
  /** A valid proof, with a fresh `jti`, but for the variation given. */
  readonly proof: (request: ProvenRequest, variation?: ProofVariation) => string;
  /** The headers with which a token and a proof for it are presented. */
  readonly headers: (
    accessToken: string,
    request: Omit<ProvenRequest, 'accessToken'>,
    variation?: ProofVariation,
  ) => ProofHeaders;
}

/**
 * A proof builder with a fresh key.
 *
 * Spec: RFC 9449 section 4.2.
 */
export async function createProofBuilder({
  alg = 'ES256',
  clock = systemClock,
}: ProofBuilderOptions = {}): Promise<ProofBuilder> {
  const key = await generateSigningJwk(alg);
  const jwk = withoutNames(publicJwk(key));

  function proof(
    { method = 'GET', url, accessToken, nonce }: ProvenRequest,
    { header, claims, ...signer }: ProofVariation = {},
  ): string {
    return compactJws({
      header: { typ: 'dpop+jwt', alg, jwk, ...header },
      payload: {
        jti: randomUUID(),
        htm: method,
        htu: withoutQuery(url),
        iat: Math.floor(clock.nowMs() / 1000),
        ...(accessToken === undefined ? {} : { ath: digestOf(accessToken) }),
        ...(nonce === undefined ? {} : { nonce }),
        ...claims,
      },
      key,
      ...signer,
    });
  }

  return {
    key,
    thumbprint: jwkThumbprint(key) ?? '',
    proof,
    headers: (accessToken, request, variation) => ({
      authorization: `DPoP ${accessToken}`,
      dpop: proof({ ...request, accessToken }, variation),
    }),
  };
}

/** A proof carries the key alone. Only an AKP key is told by its `alg`. */
function withoutNames({ kid: _kid, alg, ...members }: Jwk): Jwk {
  return members.kty === 'AKP' ? { ...members, alg } : members;
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

function digestOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url');
}
