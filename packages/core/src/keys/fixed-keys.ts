import { KeyObject } from 'node:crypto';
import { knownAlgorithms, type Algorithm } from '../algorithms.js';
import { SetupError } from '../setup-error.js';
import { keyIndexOf } from './key-index.js';
import type { KeySource } from './key-source.js';
import { tiedToOneAlgorithm } from './one-algorithm.js';
import { importJwk, importPublicKey, type VerificationKey } from './verification-key.js';

/** A public key as the specifications write it (RFC 7517 section 4). */
export type Jwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** A JWK Set (RFC 7517 section 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** Keys that are written into the configuration: a JWK, a JWK Set, a PEM text or a `KeyObject`. */
export type FixedKeys = Jwk | JwkSet | string | KeyObject;

/**
 * A key source whose keys never change. Unlike a fetched set, every key must be usable. A key without `kid` serves
 * tokens whatever `kid` they carry.
 *
 * Throws: `SetupError` when a key is not usable.
 */
export function fixedKeys(
  keys: FixedKeys,
  option = 'keys',
  allowed: ReadonlySet<Algorithm> = new Set(knownAlgorithms),
): KeySource {
  const usable = usableKeys(keys, option).map((key) => tiedToOneAlgorithm(key, allowed));
  const { candidates } = keyIndexOf(usable, { withoutKid: 'serve any' });
  return { find: candidates, ready: () => Promise.resolve() };
}

function usableKeys(keys: FixedKeys, option: string): readonly VerificationKey[] {
  const imported = isJwkSet(keys)
    ? keys.keys.map(importJwk)
    : [typeof keys === 'string' || keys instanceof KeyObject ? importPublicKey(keys) : importJwk(keys)];
  if (imported.length === 0) {
    throw new SetupError({
      option,
      problem: 'the key set is empty',
      remedy: 'Give at least one public key.',
    });
  }
  return imported.map((key, index) => {
    if (!('unusable' in key)) return key;
    throw new SetupError({
      option,
      problem: `key ${String(index)} cannot verify signatures: ${key.unusable}`,
      remedy: 'Give a public signing key: RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519.',
    });
  });
}

function isJwkSet(keys: FixedKeys): keys is JwkSet {
  return typeof keys === 'object' && Array.isArray((keys as Partial<JwkSet>).keys);
}
