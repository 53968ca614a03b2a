import { AssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import {
  failedFetch,
  isBackingOff,
  isRecent,
  retryAfterSecondsOf,
  type FailedFetch,
} from './failed-fetch.js';
import { fetchBudget } from './fetch-budget.js';
import type { KeyQuery } from './key-index.js';
import type { KeyPolicy } from './key-policy.js';
import { keepingUnchangedKeys, type KeySet } from './key-set.js';
import { tellSafely, type KeyEvent, type KeySource } from './key-source.js';
import type { VerificationKey } from './verification-key.js';

const unknownKidSpacingMs = 1000;

/** What a remote key source is made of. */
export interface RemoteKeysOptions {
  readonly issuer: string;
  /** Fetches the set. Rejects when it cannot be had. */
  readonly load: () => Promise<KeySet>;
  readonly policy: KeyPolicy;
  readonly clock: Clock;
  readonly onEvent?: ((event: KeyEvent) => void) | undefined;
}

type Keys = readonly VerificationKey[];

/**
 * A key source that fetches, and keeps answering while the other side rotates, is slow or is down.
 *
 * One fetch at a time; refreshed ahead of expiry by requests, never by timers; a failed fetch never clears good
 * keys; the set that arrives replaces the one before, so a withdrawn key stops at once. Nothing is remembered of the
 * `kid`s that were asked for.
 *
 * Error: `service.keys-unavailable`, with `retryAfterSeconds`.
 */
export function remoteKeys({ issuer, load, policy, clock, onEvent }: RemoteKeysOptions): KeySource {
  const budget = fetchBudget({
    perMinute: policy.unknownKidFetchesPerMinute,
    spacingMs: unknownKidSpacingMs,
  });
  const tell = (event: KeyEvent) => {
    tellSafely(onEvent, event);
  };
  let current: { readonly set: KeySet; readonly loadedAtMs: number } | undefined;
  let failure: FailedFetch | undefined;
  let underWay: Promise<void> | undefined;
  let fetchesStarted = 0;
  let lastFetchFinished = 0;

  function refresh(): Promise<void> {
    return (underWay ??= fetchOnce().finally(() => (underWay = undefined)));
  }

  async function fetchOnce(): Promise<void> {
    const number = ++fetchesStarted;
    try {
      accept(await load());
    } catch (error) {
      failure = failedFetch(error, clock.nowMs(), failure);
      tell({ kind: 'fetch-failed', issuer, error: failure.error, retryInMs: failure.backOffMs });
    }
    lastFetchFinished = number;
  }

  function accept(loaded: KeySet): void {
    const before = current?.set;
    const set = keepingUnchangedKeys(loaded, before);
    current = { set, loadedAtMs: clock.nowMs() };
    failure = undefined;
    const { keys, skipped, warnings } = set;
    tell({ kind: 'fetched', issuer, keys: keys.length, skipped, warnings });
    if (before !== undefined) reportRotation(before, set);
  }

  function reportRotation({ index: before }: KeySet, { index: after }: KeySet): void {
    const added = after.kids.filter((kid) => !before.knowsKid(kid));
    const removed = before.kids.filter((kid) => !after.knowsKid(kid));
    if (added.length + removed.length > 0) tell({ kind: 'rotated', issuer, added, removed });
  }

  function unavailable(): AssayError {
    const retryAfterSeconds = retryAfterSecondsOf(failure, clock.nowMs());
    return new AssayError('service.keys-unavailable', { retryAfterSeconds, cause: failure?.error });
  }

  /** The set, if it is younger than that. Where the clock was set back, the difference counts as age. */
  function setYoungerThan(seconds: number): KeySet | undefined {
    if (current === undefined) return undefined;
    return Math.abs(clock.nowMs() - current.loadedAtMs) < seconds * 1000 ? current.set : undefined;
  }

  const staleSet = () => setYoungerThan(policy.maximumAgeSeconds + policy.staleIfErrorSeconds);

  function staleSetOrThrow(): KeySet {
    const set = staleSet();
    if (set === undefined) throw unavailable();
    return set;
  }

  /** The set to answer from, fetched if need be. */
  function usableSet(): KeySet | Promise<KeySet> {
    return setYoungerThan(policy.refreshAfterSeconds) ?? agingSet();
  }

  function agingSet(): KeySet | Promise<KeySet> {
    const fresh = setYoungerThan(policy.maximumAgeSeconds);
    if (fresh !== undefined) {
      if (!isBackingOff(failure, clock.nowMs())) void refresh();
      return fresh;
    }
    if (isBackingOff(failure, clock.nowMs())) return staleSetOrThrow();
    // That the other side is down is known: it is tried again, and nobody waits for it.
    const stale = isRecent(failure, clock.nowMs()) ? staleSet() : undefined;
    const fetched = refresh();
    return stale ?? fetched.then(staleSetOrThrow);
  }

  function findIn(set: KeySet, query: KeyQuery, fetchesBefore: number): Keys | Promise<Keys> {
    const found = set.index.candidates(query);
    if (found.length > 0 || (query.kid !== undefined && set.index.knowsKid(query.kid))) return found;
    return findNewlyPublished(query, fetchesBefore);
  }

  async function findInLoaded(loading: Promise<KeySet>, query: KeyQuery, fetchesBefore: number) {
    return findIn(await loading, query, fetchesBefore);
  }

  /** A `kid` that the set does not hold: perhaps the issuer has rotated, perhaps somebody made it up. */
  async function findNewlyPublished(query: KeyQuery, fetchesBefore: number): Promise<Keys> {
    // Only a fetch that started after the question settles it: one that was under way may have been answered
    // before the key was published.
    while (lastFetchFinished <= fetchesBefore) {
      if (underWay === undefined) {
        if (isBackingOff(failure, clock.nowMs())) throw unavailable();
        if (!budget.take(clock.nowMs())) return refuseUnknownKid({ budgetSpent: true });
      }
      await refresh();
      const found = current?.set.index.candidates(query) ?? [];
      if (found.length > 0) return found;
    }
    return refuseUnknownKid({ budgetSpent: false });
  }

  // "Unknown" may only be said on the word of a fetch that succeeded; otherwise we could not tell.
  function refuseUnknownKid({ budgetSpent }: { budgetSpent: boolean }): Keys {
    if (failure !== undefined) throw unavailable();
    tell({ kind: 'unknown-kid-refused', issuer, budgetSpent });
    return [];
  }

  return {
    find(query) {
      const fetchesBefore = fetchesStarted;
      const set = usableSet();
      return set instanceof Promise
        ? findInLoaded(set, query, fetchesBefore)
        : findIn(set, query, fetchesBefore);
    },
    async ready() {
      await usableSet();
    },
  };
}
