import { Principal, type Claims } from '@assay/core';
import { validClaims } from './token-builder.js';

/** A principal for a unit test, as a valid token with these claims would give it: `principal({ scope: 'orders:read' })`. */
export function principal(claims: Claims = {}): Principal {
  const issuer = 'https://as.example';
  const nowSeconds = Math.floor(Date.now() / 1000);
  return Principal.from({
    issuer: (claims['iss'] as string | undefined) ?? issuer,
    claims: { ...validClaims({ issuer, audience: 'https://api.example', nowSeconds }), ...claims },
    fingerprint: 'AAAAAAAAAAAAAAAAAAAAAA',
  });
}
