import { hash } from 'node:crypto';
import { jwkThumbprint } from '../keys/jwk-thumbprint.js';
import { holdsPrivateMembers } from '../keys/public-members.js';
import { importJwk, type VerificationKey } from '../keys/verification-key.js';

/** A key that a proof brings, and its thumbprint (RFC 7638). */
export interface ProofKey extends VerificationKey {
  readonly thumbprint: string;
}

/** The public keys that proofs bring. */
export interface ProofKeys {
  /** The key that a JWK describes; `undefined` where it holds more than a public key, or one that cannot be used. */
  readonly of: (jwk: Readonly<Record<string, unknown>>) => ProofKey | undefined;
}

/**
 * The keys of proofs. The latest are kept, because a client proves with one key for a while, and on some versions of Node
 * importing it costs as much as verifying with it.
 *
 * Spec: RFC 9449 section 4.3, checks 5 and 7.
 */
export function createProofKeys(maximumKept = 1000): ProofKeys {
  const kept = new Map<string, ProofKey>();

  function keep(digest: string, key: ProofKey): void {
    // The one that was used longest ago stands first.
    kept.delete(digest);
    kept.set(digest, key);
    if (kept.size <= maximumKept) return;
    const [oldest = ''] = kept.keys();
    kept.delete(oldest);
  }

  return {
    of(jwk) {
      // Of the whole JWK and not the thumbprint, which leaves out what the key may be used for.
      const digest = hash('sha256', JSON.stringify(jwk), 'base64url');
      const key = kept.get(digest) ?? importProofKey(jwk);
      if (key !== undefined) keep(digest, key);
      return key;
    },
  };
}

function importProofKey(jwk: Readonly<Record<string, unknown>>): ProofKey | undefined {
  if (holdsPrivateMembers(jwk)) return undefined;
  const key = importJwk(jwk);
  const thumbprint = jwkThumbprint(jwk);
  if ('unusable' in key || thumbprint === undefined || isCostly(key)) return undefined;
  return { ...key, thumbprint };
}

const maximumRsaBits = 4096;
const maximumRsaExponentBits = 64n;

/** Whoever sends a proof chooses its key: with some RSA keys one signature costs the receiver many milliseconds. */
function isCostly({
  key: { asymmetricKeyDetails: { modulusLength = 0, publicExponent = 0n } = {} },
}: VerificationKey) {
  return modulusLength > maximumRsaBits || publicExponent >> maximumRsaExponentBits > 0n;
}
