import type { Algorithm } from '../algorithms.js';
import type { VerificationKey } from './verification-key.js';

/** What a token's header says about the key that it wants. */
export interface KeyQuery {
  readonly alg: Algorithm;
  readonly kid: string | undefined;
}

/** How many keys are tried for one token, where `kid` does not single one out. */
export const maximumCandidates = 4;

/** The keys of a set, arranged so that finding those for a token costs two look-ups and makes nothing. */
export interface KeyIndex {
  /**
   * The keys that may have signed a token: they serve its algorithm and carry its `kid`. A token without `kid` may
   * have been signed by any fitting key. At most four.
   *
   * Spec: RFC 7517 sections 4.4 and 4.5; RFC 7515 section 4.1.4.
   */
  readonly candidates: (query: KeyQuery) => readonly VerificationKey[];
  /** Whether any key of the set carries this `kid`. */
  readonly knowsKid: (kid: string) => boolean;
  readonly kids: readonly string[];
}

interface Candidates {
  readonly any: readonly VerificationKey[];
  readonly byKid: ReadonlyMap<string, readonly VerificationKey[]>;
  readonly otherwise: readonly VerificationKey[];
}

const none: readonly VerificationKey[] = Object.freeze([]);

/**
 * The index of some keys.
 *
 * @param options - `withoutKid: 'serve any'`: a key without `kid` is a candidate whatever `kid` the token has. That
 * is for keys that somebody wrote into a configuration; a published key without `kid` serves tokens without.
 */
export function keyIndexOf(
  keys: readonly VerificationKey[],
  { withoutKid = 'serve none' }: { withoutKid?: 'serve none' | 'serve any' } = {},
): KeyIndex {
  const kids = new Set(keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid])));
  const servesAny = ({ kid }: VerificationKey) => kid === undefined && withoutKid === 'serve any';

  function candidatesFor(name: Algorithm): Candidates {
    const fitting = keys.filter(({ algorithms }) => algorithms.has(name));
    const few = (wanted: (key: VerificationKey) => boolean) =>
      Object.freeze(fitting.filter(wanted).slice(0, maximumCandidates));
    return {
      any: few(() => true),
      byKid: new Map([...kids].map((kid) => [kid, few((key) => key.kid === kid || servesAny(key))])),
      otherwise: few(servesAny),
    };
  }

  const names = new Set(keys.flatMap(({ algorithms }) => [...algorithms]));
  const byAlgorithm = new Map([...names].map((name) => [name, candidatesFor(name)]));
  return {
    candidates({ alg, kid }) {
      const fitting = byAlgorithm.get(alg);
      if (fitting === undefined) return none;
      return kid === undefined ? fitting.any : (fitting.byKid.get(kid) ?? fitting.otherwise);
    },
    knowsKid: (kid) => kids.has(kid),
    kids: [...kids],
  };
}
