import type { KeyObject } from 'node:crypto';
import { deepFreeze } from '../encoding/deep-freeze.js';
import type { VerifiedToken } from '../evidence.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import type { TokenDigest } from './token-digest.js';

/** A signature that was verified once: what was signed, for which issuer, and by which of its keys. */
export interface VerifiedSignature {
  readonly verified: VerifiedToken;
  readonly issuer: TrustedIssuer;
  readonly key: KeyObject;
}

/**
 * Remembers that signatures were verified, and nothing else: neither that a token was accepted, nor for whom. Times,
 * audiences, rules and bindings are judged each time, and so is whether the key still belongs to the issuer.
 *
 * Keyed by the whole SHA-256 digest of the token; the token itself is not kept. Bounded by number and by size.
 *
 * Spec: RFC 9700 sections 2.3 and 4.9.3.
 */
export interface VerifiedSignatures {
  readonly find: (digest: TokenDigest) => VerifiedSignature | undefined;
  readonly remember: (digest: TokenDigest, tokenLength: number, signature: VerifiedSignature) => void;
  /** How many are remembered. */
  readonly size: () => number;
}

/** How much is remembered at most. */
export interface VerifiedSignaturesLimits {
  readonly maximumEntries: number;
  /** Units: characters of all the tokens together. What is kept of a token takes a few times its length. */
  readonly maximumCharacters: number;
}

export const defaultLimits: VerifiedSignaturesLimits = {
  maximumEntries: 10_000,
  maximumCharacters: 8 * 1024 * 1024,
};

/** The memory of one verifier. */
export function verifiedSignatures(limits: VerifiedSignaturesLimits = defaultLimits): VerifiedSignatures {
  // Two generations: what is used moves into the young one; when that is half of everything, the old one is dropped
  // whole. Cheaper than an order by last use, and as bounded.
  let young = new Map<TokenDigest, VerifiedSignature & { readonly length: number }>();
  let old: typeof young = new Map();
  let characters = 0;

  function keep(digest: TokenDigest, entry: VerifiedSignature & { readonly length: number }): void {
    if (
      young.size * 2 >= limits.maximumEntries ||
      (characters + entry.length) * 2 > limits.maximumCharacters
    ) {
      old = young;
      young = new Map();
      characters = 0;
    }
    young.set(digest, entry);
    characters += entry.length;
  }

  return {
    find(digest) {
      const recent = young.get(digest);
      if (recent !== undefined) return recent;
      const aged = old.get(digest);
      if (aged === undefined) return undefined;
      old.delete(digest);
      keep(digest, aged);
      return aged;
    },
    remember(digest, tokenLength, { verified, issuer, key }) {
      deepFreeze(verified.header);
      deepFreeze(verified.claims);
      keep(digest, { verified: Object.freeze(verified), issuer, key, length: tokenLength });
    },
    size: () => young.size + old.size,
  };
}
