import { createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { traitsOf } from '../algorithms.js';
import { AssayError } from '../assay-error.js';
import { reached, type UnverifiedToken, type VerifiedToken } from '../evidence.js';
import { isMacAlgorithm, macAlgorithms, type MacAlgorithm, type TokenAlgorithm } from '../mac-algorithms.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import type { ChosenKeys } from './choose-key.js';

/**
 * The token, and the one of the candidate keys that has verified its signature over the bytes that were received.
 *
 * Error: `token.signature-invalid`.
 * Spec: RFC 7515 section 5.2.
 */
export function verifyTokenSignature(
  { header, unverifiedClaims, signingInput, signature, fingerprint }: UnverifiedToken,
  { identifier }: TrustedIssuer,
  { algorithm, candidates }: ChosenKeys,
): { readonly verified: VerifiedToken; readonly key: KeyObject } {
  const input = Buffer.from(signingInput, 'latin1');
  const signer = candidates.find(({ key }) => verifySignature(key, algorithm, input, signature));
  if (signer === undefined) throw new AssayError('token.signature-invalid');
  const verified = reached<VerifiedToken>({
    header,
    claims: unverifiedClaims,
    issuer: identifier,
    fingerprint,
  });
  return { verified, key: signer.key };
}

/** Whether the key made the signature, or the MAC, over the input. The only place where either is checked. */
export function verifySignature(
  key: KeyObject,
  algorithm: TokenAlgorithm,
  input: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (isMacAlgorithm(algorithm)) return verifyMac(key, algorithm, input, signature);
  const { digest, signatureBytes, verifyOptions } = traitsOf(algorithm);
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  // Some versions of Node take several times as long for a key inside an object.
  return verify(digest, input, verifyOptions === undefined ? key : { key, ...verifyOptions }, signature);
}

function verifyMac(key: KeyObject, algorithm: MacAlgorithm, input: Uint8Array, mac: Uint8Array): boolean {
  // A public key is no secret, whoever asks.
  if (key.type !== 'secret') return false;
  const expected = createHmac(macAlgorithms[algorithm].digest, key).update(input).digest();
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}
