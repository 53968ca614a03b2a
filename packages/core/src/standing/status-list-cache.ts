import { AssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import { tellSafely } from '../keys/key-source.js';
import type { StatusList } from './decode-status-list.js';
import type { LoadedStatusList } from './load-status-list.js';
import { remoteStatusList, type FetchOutcome, type RemoteStatusList } from './remote-status-list.js';
import type { StatusIssuer } from './status-issuer.js';
import type { StatusListEvent } from './status-list-event.js';
import type { StatusListPolicy } from './status-list-policy.js';

/** What a cache of status lists is made of. */
export interface StatusListCacheOptions {
  readonly load: (uri: string, statusIssuer: StatusIssuer) => Promise<LoadedStatusList>;
  readonly policy: StatusListPolicy;
  readonly clock: Clock;
  readonly onEvent?: ((event: StatusListEvent) => void) | undefined;
}

/** The status lists of all issuers, each issuer's its own. */
export interface StatusListCache {
  /**
   * The list of that issuer at that URI. Answers at once, without a promise, whenever it can.
   *
   * Error: `service.status-unavailable`, `token.status-list-refused`.
   */
  readonly find: (statusIssuer: StatusIssuer, uri: string) => StatusList | Promise<StatusList>;
}

interface Entry {
  readonly statusIssuer: StatusIssuer;
  readonly list: RemoteStatusList;
}

/**
 * Keeps status lists, up to a number and a size; the one that was asked for longest ago goes first. One that is being
 * fetched stays: where all are, there is no room for another.
 */
export function statusListCache({ load, policy, clock, onEvent }: StatusListCacheOptions): StatusListCache {
  const entries = new Map<string, Entry>();

  const cachedBytes = () => [...entries.values()].reduce((sum, { list }) => sum + list.heldBytes(), 0);

  /** Lets lists go, the least used first, until the condition holds. */
  function makeRoom(isEnough: () => boolean, except?: string): void {
    for (const [key, { list }] of entries) {
      if (isEnough()) return;
      if (key !== except && !list.isBusy()) entries.delete(key);
    }
  }

  function entryFor(key: string, statusIssuer: StatusIssuer, uri: string): Entry {
    const known = entries.get(key);
    entries.delete(key);
    // An issuer that was made anew has other keys, and perhaps other lists.
    if (known?.statusIssuer === statusIssuer) return known;
    makeRoom(() => entries.size < policy.maximumLists);
    if (entries.size >= policy.maximumLists) {
      throw new AssayError('service.status-unavailable', { retryAfterSeconds: 1 });
    }
    const list = remoteStatusList({
      load: () => load(uri, statusIssuer),
      policy,
      clock,
      onOutcome(outcome) {
        makeRoom(() => cachedBytes() <= policy.maximumCachedBytes, key);
        tell(outcome, { issuer: statusIssuer.signer.identifier, uri });
      },
    });
    return { statusIssuer, list };
  }

  function tell(outcome: FetchOutcome, about: Pick<StatusListEvent, 'issuer' | 'uri'>): void {
    if ('error' in outcome) {
      tellSafely(onEvent, { kind: 'fetch-failed', ...about, ...outcome });
      return;
    }
    const { list, keptForSeconds } = outcome;
    tellSafely(onEvent, {
      kind: 'fetched',
      ...about,
      statuses: (list.bytes.byteLength * 8) / list.bits,
      keptForSeconds,
      cachedLists: entries.size,
      cachedBytes: cachedBytes(),
    });
  }

  return {
    find(statusIssuer, uri) {
      const key = JSON.stringify([statusIssuer.signer.identifier, uri]);
      const entry = entryFor(key, statusIssuer, uri);
      // Deleted and set again, it is the one that was used last.
      entries.set(key, entry);
      return entry.list.find();
    },
  };
}
