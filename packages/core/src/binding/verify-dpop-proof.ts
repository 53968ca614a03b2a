import { hash } from 'node:crypto';
import { isKnownAlgorithm, type Algorithm } from '../algorithms.js';
import { AssayError, isAssayError } from '../assay-error.js';
import { isJsonObject } from '../encoding/strict-json.js';
import {
  reached,
  type At,
  type Claims,
  type JoseHeader,
  type PresentedToken,
  type SignedStatement,
  type UnverifiedToken,
} from '../evidence.js';
import type { FailureCode } from '../failures.js';
import { dpopProof } from '../profiles/dpop-proof.js';
import type { Expected, ProofExpectation } from '../rules/rule.js';
import { parseToken } from '../steps/parse-token.js';
import { verifySignature } from '../steps/verify-signature.js';
import type { ProofKey, ProofKeys } from './proof-keys.js';
import type { ProofPolicy } from './proof-policy.js';

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
export function verifyDpopProof(text: string, policy: ProofPolicy, request: ProofExpectation): DpopProof {
  const proof = verifyProofSignature(text, policy);
  const expected = expectedOfProof(policy, request);
  for (const { check } of dpopProof.rules) {
    const finding = check(statementOf(proof), expected);
    if (finding !== undefined) throw refusal(finding.code, finding.claim, finding.reason);
  }
  return reached<DpopProof>({ ...proof, kind: 'dpop-proof' });
}

/**
 * The proof, once it is signed by the key that it brings.
 *
 * Error: `proof.malformed`, `proof.algorithm-refused`, `proof.key-refused`, `proof.signature-invalid`.
 */
export function verifyProofSignature(
  text: string,
  { algorithms, keys }: Pick<ProofPolicy, 'algorithms' | 'keys'>,
): SignedProof {
  const { header, unverifiedClaims, signingInput, signature } = parsed(text);
  const { alg } = header;
  if (!isKnownAlgorithm(alg) || !algorithms.has(alg))
    throw refusal('proof.algorithm-refused', 'alg', 'mismatch');
  const { key, thumbprint } = keyOf(header, alg, keys);
  if (!verifySignature(key, alg, Buffer.from(signingInput, 'latin1'), signature)) {
    throw refusal('proof.signature-invalid');
  }
  return { header, claims: unverifiedClaims, thumbprint };
}

/** What the rules of the profile are told: a proof has no issuer. */
export function statementOf({ header, claims }: SignedProof): SignedStatement {
  return { header, claims, issuer: '', fingerprint: '' };
}

/** What is expected of a proof at this moment. */
export function expectedOfProof(
  { clock, leewaySeconds, proofLifetimeSeconds }: ProofPolicy,
  proof: ProofExpectation,
): Expected {
  return {
    issuer: '',
    audiences: [],
    nowSeconds: clock.nowMs() / 1000,
    leewaySeconds,
    maximumAgeSeconds: proofLifetimeSeconds,
    singleUse: true,
    proof,
  };
}

/** What `ath` has to be where a proof comes with this access token (RFC 9449 section 4.2). */
export function accessTokenHashOf(token: string): string {
  return hash('sha256', token, 'base64url');
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

function keyOf({ jwk }: JoseHeader, alg: Algorithm, keys: ProofKeys): ProofKey {
  if (!isJsonObject(jwk))
    throw refusal('proof.key-refused', 'jwk', jwk === undefined ? 'missing' : 'malformed');
  const key = keys.of(jwk);
  if (key === undefined) throw refusal('proof.key-refused', 'jwk', 'malformed');
  if (!key.algorithms.has(alg)) throw refusal('proof.key-refused', 'jwk', 'mismatch');
  return key;
}

function refusal(code: FailureCode, claim?: string, reason?: AssayError['reason']): AssayError {
  return new AssayError(code, { claim, reason, profile: dpopProof.name });
}
