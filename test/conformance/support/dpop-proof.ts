import { createHash, randomUUID } from 'node:crypto';
import { jwkThumbprint, type Jwk } from '@assay/core';
import { compactJws, publicJwk } from '@assay/testing';

/** The request that a proof is for. */
export interface ProvenRequest {
  /** Default `GET`. */
  readonly method?: string;
  readonly uri: string;
  readonly token: string;
  readonly nowSeconds: number;
}

/** A DPoP proof for one request (RFC 9449 section 4.2). */
export function dpopProof(key: Jwk, { method = 'GET', uri, token, nowSeconds }: ProvenRequest): string {
  return compactJws({
    header: { typ: 'dpop+jwt', alg: key['alg'], jwk: publicJwk(key) },
    payload: {
      jti: randomUUID(),
      htm: method,
      htu: uri,
      iat: nowSeconds,
      ath: createHash('sha256').update(token).digest('base64url'),
    },
    key,
  });
}

/** The `cnf` of a token that is bound to a key. */
export function boundTo(key: Jwk): { readonly jkt: string } {
  return { jkt: jwkThumbprint(publicJwk(key)) ?? '' };
}
