import { AssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import { fetchBudget } from './fetch-budget.js';
import { candidatesIn, knowsKid, type KeyQuery, type KeySet } from './key-set.js';
import type { KeyEvent, KeySource } from './key-source.js';
import type { VerificationKey } from './verification-key.js';

/** One policy for every remote key set. */
export interface KeyPolicy {
  /** How long a fetched set is used without asking again. Default 600 seconds. */
  readonly maximumAgeSeconds: number;
  /** From this age on a request starts a refresh in the background. Default 300 seconds. */
  readonly refreshAfterSeconds: number;
  /** How long past its age a set is still used when it cannot be had anew. Default 3600, at most 86400 seconds. */
  readonly staleIfErrorSeconds: number;
  /** Units: milliseconds for one fetch. Default 5000. */
  readonly fetchTimeoutMs: number;
  /** Units: bytes of one document. Default 524288. */
  readonly maximumBytes: number;
  /** How many fetches unknown `kid`s may cause in a minute. Default 6. */
  readonly unknownKidFetchesPerMinute: number;
}

export const defaultKeyPolicy: KeyPolicy = {
  maximumAgeSeconds: 600,
  refreshAfterSeconds: 300,
  staleIfErrorSeconds: 3600,
  fetchTimeoutMs: 5000,
  maximumBytes: 512 * 1024,
  unknownKidFetchesPerMinute: 6,
};

const unknownKidSpacingMs = 1000;
const shortestBackOffMs = 1000;
const longestBackOffMs = 60_000;

/** What a remote key source is made of. */
export interface RemoteKeysOptions {
  readonly issuer: string;
  /** Fetches the set. Rejects when it cannot be had. */
  readonly load: () => Promise<KeySet>;
  readonly policy: KeyPolicy;
  readonly clock: Clock;
  readonly onEvent?: ((event: KeyEvent) => void) | undefined;
}

/**
 * A key source that fetches, and keeps answering while the other side rotates, is slow or is down.
 *
 * One fetch at a time; refreshed ahead of expiry by requests, never by timers; a failed fetch never clears good
 * keys; the set that arrives replaces the one before, so a withdrawn key stops at once.
 *
 * Error: `service.keys-unavailable`, with `retryAfterSeconds`.
 */
export function remoteKeys({ issuer, load, policy, clock, onEvent }: RemoteKeysOptions): KeySource {
  const budget = fetchBudget({
    perMinute: policy.unknownKidFetchesPerMinute,
    spacingMs: unknownKidSpacingMs,
  });
  let current: { readonly set: KeySet; readonly loadedAtMs: number } | undefined;
  let failure: { readonly error: Error; readonly backOffMs: number; readonly retryAtMs: number } | undefined;
  let underWay: Promise<void> | undefined;

  const refresh = (): Promise<void> =>
    (underWay ??= load()
      .then(accept, fail)
      .finally(() => (underWay = undefined)));

  function accept(set: KeySet): void {
    const before = current?.set;
    current = { set, loadedAtMs: clock.nowMs() };
    failure = undefined;
    onEvent?.({ kind: 'fetched', issuer, keys: set.keys.length, skipped: set.skipped });
    if (before !== undefined) reportRotation(before, set);
  }

  function fail(error: Error): void {
    const backOffMs = Math.min(
      longestBackOffMs,
      failure === undefined ? shortestBackOffMs : failure.backOffMs * 2,
    );
    failure = { error, backOffMs, retryAtMs: clock.nowMs() + backOffMs };
    onEvent?.({ kind: 'fetch-failed', issuer, error, retryInMs: backOffMs });
  }

  function reportRotation(before: KeySet, after: KeySet): void {
    const added = kidsOf(after).filter((kid) => !knowsKid(before, kid));
    const removed = kidsOf(before).filter((kid) => !knowsKid(after, kid));
    if (added.length + removed.length > 0) onEvent?.({ kind: 'rotated', issuer, added, removed });
  }

  const isBackingOff = (): boolean => failure !== undefined && clock.nowMs() < failure.retryAtMs;

  const ageSeconds = (): number =>
    current === undefined ? Infinity : (clock.nowMs() - current.loadedAtMs) / 1000;

  function unavailable(): AssayError {
    const waitMs = failure === undefined ? shortestBackOffMs : failure.retryAtMs - clock.nowMs();
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new AssayError('service.keys-unavailable', { retryAfterSeconds, cause: failure?.error });
  }

  /** The set to answer from, fetched if need be. */
  function usableSet(): KeySet | Promise<KeySet> {
    const age = ageSeconds();
    if (current !== undefined && age < policy.maximumAgeSeconds) {
      if (age >= policy.refreshAfterSeconds && !isBackingOff()) void refresh();
      return current.set;
    }
    return isBackingOff() ? freshOrStale() : refresh().then(freshOrStale);
  }

  function freshOrStale(): KeySet {
    if (current === undefined || ageSeconds() >= policy.maximumAgeSeconds + policy.staleIfErrorSeconds) {
      throw unavailable();
    }
    return current.set;
  }

  /** A `kid` that the set does not hold: perhaps the issuer has rotated, perhaps somebody made it up. */
  async function findNewlyPublished(query: KeyQuery): Promise<readonly VerificationKey[]> {
    if (underWay === undefined) {
      if (isBackingOff()) throw unavailable();
      if (!budget.take(clock.nowMs())) {
        onEvent?.({ kind: 'unknown-kid-refused', issuer });
        return answerAboutUnknownKid(query);
      }
    }
    await refresh();
    return answerAboutUnknownKid(query);
  }

  // "Unknown" may only be said on the word of a fetch that succeeded; otherwise we could not tell.
  function answerAboutUnknownKid(query: KeyQuery): readonly VerificationKey[] {
    const found = current === undefined ? [] : candidatesIn(current.set, query);
    if (found.length === 0 && failure !== undefined) throw unavailable();
    return found;
  }

  function findIn(
    set: KeySet,
    query: KeyQuery,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const found = candidatesIn(set, query);
    if (found.length > 0 || query.kid === undefined || knowsKid(set, query.kid)) return found;
    return findNewlyPublished(query);
  }

  return {
    find(query) {
      const set = usableSet();
      return set instanceof Promise ? set.then((loaded) => findIn(loaded, query)) : findIn(set, query);
    },
    async ready() {
      await refresh();
      freshOrStale();
    },
  };
}

function kidsOf({ keys }: KeySet): readonly string[] {
  return keys.flatMap(({ kid }) => (kid === undefined ? [] : [kid]));
}
