import { AssayError, isAssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import {
  failedFetch,
  isBackingOff,
  isRecent,
  retryAfterSecondsOf,
  type FailedFetch,
} from '../keys/failed-fetch.js';
import type { StatusList } from './decode-status-list.js';
import type { LoadedStatusList } from './load-status-list.js';
import type { StatusListPolicy } from './status-list-policy.js';

/** What a remote status list is made of. */
export interface RemoteStatusListOptions {
  /** Fetches and verifies the list. Rejects when there is none to be had. */
  readonly load: () => Promise<LoadedStatusList>;
  readonly policy: StatusListPolicy;
  readonly clock: Clock;
  /** Told of every fetch, once its outcome is kept. */
  readonly onOutcome: (outcome: FetchOutcome) => void;
}

/** How a fetch ended. */
export type FetchOutcome =
  | { readonly list: StatusList; readonly keptForSeconds: number }
  | { readonly error: Error; readonly retryInMs: number };

/** One list that is fetched, kept for as long as it may be, and fetched again. */
export interface RemoteStatusList {
  /**
   * The list. Answers at once, without a promise, whenever it can.
   *
   * Error: `service.status-unavailable`, with `retryAfterSeconds`; `token.status-list-refused`.
   */
  readonly find: () => StatusList | Promise<StatusList>;
  /** How much is kept. Units: bytes. */
  readonly heldBytes: () => number;
  readonly isBusy: () => boolean;
}

/** Lists that expire as soon as they come are fetched no more often. Units: milliseconds. */
const spacingMs = 1000;

/** From which part of its life on a list is fetched again, while nobody waits for it. */
const agingFraction = 0.75;

/**
 * A status list that keeps answering while it is renewed.
 *
 * One fetch at a time; renewed ahead of its end by requests, never by timers; after a failure fetches wait longer each
 * time. `exp` ends the use of a list whatever else is said.
 */
export function remoteStatusList({
  load,
  policy,
  clock,
  onOutcome,
}: RemoteStatusListOptions): RemoteStatusList {
  let held: (LoadedStatusList & { readonly loadedAtMs: number; readonly keptForMs: number }) | undefined;
  let failure: FailedFetch | undefined;
  let underWay: Promise<void> | undefined;

  function refresh(): Promise<void> {
    return (underWay ??= fetchOnce().finally(() => (underWay = undefined)));
  }

  async function fetchOnce(): Promise<void> {
    try {
      accept(await load());
    } catch (error) {
      failure = failedFetch(error, clock.nowMs(), failure);
      onOutcome({ error: failure.error, retryInMs: failure.backOffMs });
    }
  }

  function accept(loaded: LoadedStatusList): void {
    const keptForSeconds = keptFor(loaded.ttlSeconds, policy);
    held = { ...loaded, loadedAtMs: clock.nowMs(), keptForMs: keptForSeconds * 1000 };
    failure = undefined;
    onOutcome({ list: loaded.list, keptForSeconds });
  }

  /** The age of the list. Where the clock was set back, the difference counts as age. Units: milliseconds. */
  const ageMs = () => (held === undefined ? Infinity : Math.abs(clock.nowMs() - held.loadedAtMs));

  /** The list, if it may be used for that much longer than it is kept. */
  function usableList(graceMs: number): StatusList | undefined {
    if (held === undefined || clock.nowMs() >= held.expiresAtMs) return undefined;
    return ageMs() < held.keptForMs + graceMs ? held.list : undefined;
  }

  const staleList = () => usableList(policy.staleIfErrorSeconds * 1000);
  const mayFetch = () => !isBackingOff(failure, clock.nowMs()) && ageMs() >= spacingMs;

  function listOrThrow(): StatusList {
    const list = usableList(0) ?? staleList();
    if (list === undefined) throw refusalFor(failure, clock.nowMs());
    return list;
  }

  function find(): StatusList | Promise<StatusList> {
    const fresh = usableList(0);
    if (fresh !== undefined) {
      if (ageMs() >= (held?.keptForMs ?? 0) * agingFraction && mayFetch()) void refresh();
      return fresh;
    }
    if (underWay === undefined && !mayFetch()) return listOrThrow();
    // That the other side is down is known: it is tried again, and nobody waits for it.
    const stale = isRecent(failure, clock.nowMs()) ? staleList() : undefined;
    const fetched = refresh();
    return stale ?? fetched.then(listOrThrow);
  }

  return {
    find,
    heldBytes: () => held?.list.bytes.byteLength ?? 0,
    isBusy: () => underWay !== undefined,
  };
}

/** For how long a list is kept: as it says, within the bounds of the policy. */
function keptFor(ttlSeconds: number | undefined, policy: StatusListPolicy): number {
  const { minimumAgeSeconds, defaultAgeSeconds, maximumAgeSeconds } = policy;
  return Math.min(Math.max(ttlSeconds ?? defaultAgeSeconds, minimumAgeSeconds), maximumAgeSeconds);
}

/** A list that came and is no good says something against the token; one that did not come says nothing. */
function refusalFor(failure: FailedFetch | undefined, nowMs: number): AssayError {
  const cause = failure?.error;
  if (isAssayError(cause) && cause.failure.fault === 'token') {
    const { reason, claim } = cause;
    return new AssayError('token.status-list-refused', { reason, claim, cause });
  }
  const retryAfterSeconds = retryAfterSecondsOf(failure, nowMs);
  return new AssayError('service.status-unavailable', { retryAfterSeconds, cause });
}
