import { createAccessTokenVerifier } from '@assay/core';

/** `createAccessTokenVerifier` of the built package, its keys at hand. */
export function create({ issuer, audience, jwk }) {
  const verifier = createAccessTokenVerifier({ issuer, audience, keys: { keys: [jwk] } });
  return (token) => verifier.verify(token);
}
