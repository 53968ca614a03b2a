import { isKnownAlgorithm, type Algorithm } from '../algorithms.js';
import { AssayError, isAssayError } from '../assay-error.js';
import { isJsonObject } from '../encoding/strict-json.js';
import {
  reached,
  type At,
  type Claims,
  type JoseHeader,
  type PresentedToken,
  type UnverifiedToken,
} from '../evidence.js';
import type { FailureCode } from '../failures.js';
import { jwkThumbprint } from '../keys/jwk-thumbprint.js';
import { holdsPrivateMembers } from '../keys/public-members.js';
import { importJwk, type VerificationKey } from '../keys/verification-key.js';
import { dpopProof } from '../profiles/dpop-proof.js';
import type { Expected } from '../rules/rule.js';
import { parseToken } from '../steps/parse-token.js';
import { verifySignature } from '../steps/verify-signature.js';

/** A proof that was made with the key of this thumbprint. Its claims are the word of whoever holds that key. */
export interface SignedProof {
  readonly header: JoseHeader;
  readonly claims: Claims;
  /** Of the key (RFC 7638). That it is the right key is for the binding to say. */
  readonly thumbprint: string;
}

/** A proof that satisfies every rule of its profile. */
export type DpopProof = At<'bound', SignedProof & { readonly kind: 'dpop-proof' }>;

/**
 * The proof of a `DPoP` header, once it is signed by the key that it brings and is for this request.
 *
 * The key in the header proves nothing but that the sender holds it; what it is worth is seen when its thumbprint is
 * compared with the token's.
 *
 * Error: `proof.*`.
 * Spec: RFC 9449 section 4.3.
 */
export function verifyDpopProof(
  text: string,
  algorithms: ReadonlySet<Algorithm>,
  expected: Expected,
): DpopProof {
  const proof = verifyProofSignature(text, algorithms);
  for (const { check } of dpopProof.rules) {
    const finding = check({ ...proof, issuer: '', fingerprint: '' }, expected);
    if (finding !== undefined) throw refusal(finding.code, finding.claim, finding.reason);
  }
  return reached<DpopProof>({ ...proof, kind: 'dpop-proof' });
}

/** The proof, once it is signed by the key that it brings. */
export function verifyProofSignature(text: string, algorithms: ReadonlySet<Algorithm>): SignedProof {
  const { header, unverifiedClaims, signingInput, signature } = parsed(text);
  const { alg, jwk } = header;
  if (!isKnownAlgorithm(alg) || !algorithms.has(alg))
    throw refusal('proof.algorithm-refused', 'alg', 'mismatch');
  if (!isJsonObject(jwk))
    throw refusal('proof.key-refused', 'jwk', jwk === undefined ? 'missing' : 'malformed');
  const { key, thumbprint } = keyOf(jwk, alg);
  if (!verifySignature(key.key, alg, Buffer.from(signingInput, 'latin1'), signature)) {
    throw refusal('proof.signature-invalid');
  }
  return { header, claims: unverifiedClaims, thumbprint };
}

function parsed(text: string): UnverifiedToken {
  try {
    return parseToken(text as PresentedToken);
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw new AssayError('proof.malformed', {
      claim: cause.claim,
      reason: cause.reason,
      profile: dpopProof.name,
      cause,
    });
  }
}

function keyOf(
  jwk: Readonly<Record<string, unknown>>,
  alg: Algorithm,
): { readonly key: VerificationKey; readonly thumbprint: string } {
  if (holdsPrivateMembers(jwk)) throw refusal('proof.key-refused', 'jwk', 'malformed');
  const key = importJwk(jwk);
  const thumbprint = jwkThumbprint(jwk);
  if ('unusable' in key || thumbprint === undefined || !key.algorithms.has(alg)) {
    throw refusal('proof.key-refused', 'jwk', 'mismatch');
  }
  return { key, thumbprint };
}

function refusal(code: FailureCode, claim?: string, reason?: AssayError['reason']): AssayError {
  return new AssayError(code, { claim, reason, profile: dpopProof.name });
}
