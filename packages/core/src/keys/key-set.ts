import { knownAlgorithms, type Algorithm } from '../algorithms.js';
import { isJsonObject } from '../encoding/strict-json.js';
import { keyIndexOf, type KeyIndex } from './key-index.js';
import { tiedToOneAlgorithm } from './one-algorithm.js';
import { holdsPrivateMembers } from './public-members.js';
import { importJwk, type ImportedKey, type VerificationKey } from './verification-key.js';

/** The usable keys of one issuer, as one document gave them. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  readonly index: KeyIndex;
  /** One reason for each entry that was left out; no key material. */
  readonly skipped: readonly string[];
  /** What is wrong with keys that are used all the same; no key material. */
  readonly warnings: readonly string[];
}

/** How many entries a set may have. Importing more would hold up everything else. */
export const maximumKeys = 250;

/**
 * The key set that a parsed JWK Set document holds, or why it is none.
 *
 * An unusable entry is left out and does not spoil the others. Each key serves one algorithm of those allowed.
 *
 * Spec: RFC 7517 section 5; RFC 8414 section 2 (`jwks_uri`).
 */
export function keySetFrom(
  document: unknown,
  allowed: ReadonlySet<Algorithm> = new Set(knownAlgorithms),
): KeySet | { readonly unusable: string } {
  if (!isJsonObject(document) || !Array.isArray(document['keys']))
    return { unusable: 'the answer is not a JWK Set' };
  const entries = document['keys'] as readonly unknown[];
  if (entries.length > maximumKeys)
    return { unusable: `the JWK Set has more than ${String(maximumKeys)} keys` };

  const mixed = entries.some((entry) => isJsonObject(entry) && entry['use'] === 'enc');
  const imported = entries.map((entry) => ({
    entry,
    key: mixed ? importFromMixed(entry) : importJwk(entry),
  }));
  const keys = imported.flatMap(({ key }) => ('unusable' in key ? [] : [tiedToOneAlgorithm(key, allowed)]));
  return {
    keys,
    index: keyIndexOf(keys),
    skipped: imported.flatMap(({ key }) => ('unusable' in key ? [key.unusable] : [])),
    warnings: imported.flatMap(({ entry, key }) =>
      !('unusable' in key) && holdsPrivateMembers(entry as Record<string, unknown>)
        ? ['the private half of a key was published; only the public half was kept']
        : [],
    ),
  };
}

/** Where a set holds encryption keys too, a key that does not say what it is for is for nothing. */
function importFromMixed(entry: unknown): ImportedKey {
  if (isJsonObject(entry) && entry['use'] === undefined) {
    return { unusable: 'use is missing, in a set that holds encryption keys too' };
  }
  return importJwk(entry);
}

/** The set that has come, its unchanged keys being the same objects as in the set before. */
export function keepingUnchangedKeys(after: KeySet, before: KeySet | undefined): KeySet {
  if (before === undefined) return after;
  const keys = after.keys.map((key) => before.keys.find((known) => isSameKey(known, key)) ?? key);
  return { ...after, keys, index: keyIndexOf(keys) };
}

function isSameKey(left: VerificationKey, right: VerificationKey): boolean {
  return (
    left.kid === right.kid &&
    left.algorithms.size === right.algorithms.size &&
    [...left.algorithms].every((name) => right.algorithms.has(name)) &&
    left.key.equals(right.key)
  );
}
