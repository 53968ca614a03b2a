import type { Algorithm } from '../algorithms.js';
import { isJsonObject } from '../encoding/strict-json.js';
import { importJwk, type VerificationKey } from './verification-key.js';

/** What a token's header says about the key that it wants. */
export interface KeyQuery {
  readonly alg: Algorithm;
  readonly kid: string | undefined;
}

/** The usable keys of one issuer, as one document gave them. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** One reason for each entry that was left out; no key material. */
  readonly skipped: readonly string[];
}

/** How many keys are tried for one token, where `kid` does not single one out. */
export const maximumCandidates = 4;

/**
 * The key set that a parsed JWK Set document holds, or `undefined` when it is not a JWK Set.
 *
 * An unusable entry is left out and does not spoil the others.
 *
 * Spec: RFC 7517 section 5.
 */
export function keySetFrom(document: unknown): KeySet | undefined {
  if (!isJsonObject(document) || !Array.isArray(document['keys'])) return undefined;
  const imported = document['keys'].map(importJwk);
  return {
    keys: imported.filter((key): key is VerificationKey => !('unusable' in key)),
    skipped: imported.flatMap((key) => ('unusable' in key ? [key.unusable] : [])),
  };
}

/**
 * The keys that may have signed a token: they serve its algorithm and carry its `kid`. A token without `kid` may
 * have been signed by any fitting key. At most four.
 *
 * Spec: RFC 7517 sections 4.4 and 4.5; RFC 7515 section 4.1.4.
 */
export function candidatesIn({ keys }: KeySet, { alg, kid }: KeyQuery): readonly VerificationKey[] {
  return keys
    .filter((key) => key.algorithms.has(alg) && (kid === undefined || key.kid === kid))
    .slice(0, maximumCandidates);
}

/** Whether any key of the set carries this `kid`. */
export function knowsKid({ keys }: KeySet, kid: string): boolean {
  return keys.some((key) => key.kid === kid);
}
