import { generateSigningJwk, type Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { keySetFrom, type KeySet } from '../../../src/keys/key-set.js';

/** The key set that these entries make. Throws when they make none. */
export function keySetOf(...entries: readonly unknown[]): KeySet {
  const set = keySetFrom({ keys: entries });
  if ('unusable' in set) throw new Error(set.unusable);
  return set;
}

/** A fresh public ES256 key with this `kid`. */
export async function publicKey(kid: string): Promise<Jwk> {
  return { ...publicJwk(await generateSigningJwk('ES256')), kid };
}
