import type { Clock } from '../clock.js';
import { isNumericDate } from '../rules/shapes.js';
import type { TokenDigest } from '../steps/token-digest.js';
import type { IntrospectionAnswer } from './answer.js';

/** How long answers are kept, and how many. */
export interface AnswerCacheLimits {
  /** Units: seconds; 0 keeps nothing. */
  readonly seconds: number;
  /** How many answers of each sort, active and inactive, are kept at most: two or more. */
  readonly maximumEntries: number;
}

/**
 * Keeps answers for a short while, by the digest of the token that they are about. No answer outlives the `exp` in it, and
 * an active one without `exp` is not kept.
 *
 * Active and inactive ones have a share each, so that made-up tokens push out no answer about a good one. A full share
 * drops its older half: nothing worse happens than that the endpoint is asked again.
 *
 * Spec: RFC 7662 section 4.
 */
export interface AnswerCache {
  readonly find: (digest: TokenDigest) => IntrospectionAnswer | undefined;
  readonly keep: (digest: TokenDigest, answer: IntrospectionAnswer) => void;
  /** How many answers of each sort are kept. */
  readonly size: () => { readonly active: number; readonly inactive: number };
}

interface Entry {
  readonly answer: IntrospectionAnswer;
  readonly keptAtMs: number;
  readonly untilMs: number;
}

/** The cache of one endpoint. */
export function answerCache({ seconds, maximumEntries }: AnswerCacheLimits, clock: Clock): AnswerCache {
  const active = shareOf(maximumEntries);
  const inactive = shareOf(maximumEntries);

  function findIn(share: Share, digest: TokenDigest): IntrospectionAnswer | undefined {
    const entry = share.get(digest);
    if (entry === undefined) return undefined;
    const nowMs = clock.nowMs();
    // Where the clock was set back, nobody knows how old the answer is.
    if (nowMs >= entry.keptAtMs && nowMs < entry.untilMs) return entry.answer;
    share.delete(digest);
    return undefined;
  }

  return {
    find: (digest) => findIn(active, digest) ?? findIn(inactive, digest),
    keep(digest, answer) {
      const keptAtMs = clock.nowMs();
      const untilMs = Math.min(keptAtMs + seconds * 1000, expiryMsOf(answer));
      active.delete(digest);
      inactive.delete(digest);
      if (untilMs > keptAtMs) (answer.active ? active : inactive).set(digest, { answer, keptAtMs, untilMs });
    },
    size: () => ({ active: active.size(), inactive: inactive.size() }),
  };
}

/** When the answer stops being true by itself; at once where it does not say. */
function expiryMsOf(answer: IntrospectionAnswer): number {
  if (!answer.active) return Infinity;
  const { exp } = answer.members;
  return isNumericDate(exp) ? exp * 1000 : -Infinity;
}

interface Share {
  readonly get: (digest: TokenDigest) => Entry | undefined;
  readonly set: (digest: TokenDigest, entry: Entry) => void;
  readonly delete: (digest: TokenDigest) => void;
  readonly size: () => number;
}

/** Two generations, of which the old one is dropped whole: cheaper than an order by age, and as bounded. */
function shareOf(maximumEntries: number): Share {
  const half = Math.max(1, Math.floor(maximumEntries / 2));
  let young = new Map<TokenDigest, Entry>();
  let old = new Map<TokenDigest, Entry>();
  return {
    get: (digest) => young.get(digest) ?? old.get(digest),
    set(digest, entry) {
      if (young.size >= half) {
        old = young;
        young = new Map();
      }
      young.set(digest, entry);
    },
    delete(digest) {
      young.delete(digest);
      old.delete(digest);
    },
    size: () => young.size + old.size,
  };
}
