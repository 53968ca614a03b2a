import { KeyObject } from 'node:crypto';
import { AssayError, isAssayError } from '../assay-error.js';
import { maximumCandidates, type KeyQuery } from './key-index.js';
import type { KeySource } from './key-source.js';
import { fitsAlgorithm, type VerificationKey } from './verification-key.js';

/**
 * A key source that somebody else wrote, its answers checked: each key is a public one that fits and serves the
 * algorithm that was asked for, and there are at most four. What else it answers is no key; what it throws is an
 * outage, for it says nothing about the token.
 *
 * Error: `service.keys-unavailable`.
 * Spec: RFC 8725 section 3.1.
 */
export function checkedKeySource(source: KeySource): KeySource {
  return {
    find(query) {
      const answer = ask(() => source.find(query));
      return answer instanceof Promise
        ? answer.then((keys) => usableFor(query, keys), throwOutage)
        : usableFor(query, answer);
    },
    async ready() {
      try {
        await source.ready();
      } catch (error) {
        throwOutage(error);
      }
    },
  };
}

function ask<Answer>(question: () => Answer): Answer {
  try {
    return question();
  } catch (error) {
    return throwOutage(error);
  }
}

function throwOutage(error: unknown): never {
  throw isAssayError(error) ? error : new AssayError('service.keys-unavailable', { cause: error });
}

function usableFor({ alg }: KeyQuery, answer: unknown): readonly VerificationKey[] {
  if (!Array.isArray(answer)) return [];
  return answer
    .filter((member): member is VerificationKey => {
      const { key, algorithms } = (member ?? {}) as Partial<VerificationKey>;
      return key instanceof KeyObject && algorithms?.has(alg) === true && fitsAlgorithm(key, alg);
    })
    .slice(0, maximumCandidates);
}
