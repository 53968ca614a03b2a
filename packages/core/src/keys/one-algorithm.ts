import type { Algorithm } from '../algorithms.js';
import type { VerificationKey } from './verification-key.js';

const namesOfEd25519: ReadonlySet<Algorithm> = new Set(['EdDSA', 'Ed25519']);

/**
 * The key, tied to one algorithm: the one that its `alg` names, otherwise the first of the issuer's list that fits
 * it. An RSA key that names none serves RS256 by default, and never another in addition.
 *
 * `EdDSA` and `Ed25519` are two names for one algorithm, where the key names neither.
 *
 * Spec: RFC 8725 section 3.1; RFC 9864 section 2.2.
 */
export function tiedToOneAlgorithm(key: VerificationKey, allowed: ReadonlySet<Algorithm>): VerificationKey {
  const fitting = [...allowed].filter((name) => key.algorithms.has(name));
  const [first] = fitting;
  // A key that serves no allowed algorithm stays in the set, so that its kid is known; none will ask for it.
  if (key.algorithms.size === 1 || first === undefined) return key;
  const served = namesOfEd25519.has(first) ? fitting : [first];
  return { ...key, algorithms: new Set(served) };
}
