import type { Clock } from '../clock.js';
import type { Fetch } from '../keys/fetch-body.js';
import { SetupError } from '../setup-error.js';
import { loadStatusList } from '../standing/load-status-list.js';
import { revocationCheck } from '../standing/revocation-check.js';
import type { RevocationStore } from '../standing/revocation-store.js';
import type { StandingCheck } from '../standing/standing-check.js';
import { statusListCache } from '../standing/status-list-cache.js';
import { statusListCheck } from '../standing/status-list-check.js';
import type { StatusListEvent } from '../standing/status-list-event.js';
import type { StatusListPolicy } from '../standing/status-list-policy.js';
import type { TrustedIssuers } from '../trusted-issuer.js';
import { functionIfAny } from './options.js';
import { statusListPolicyFrom } from './status-list-policy.js';

/** By what it is asked whether tokens still stand, beside the status lists of each issuer. */
export interface StandingOptions {
  /** Knows which tokens were revoked. Default: no store is asked. */
  readonly revocations?: RevocationStore;
  /** How status lists are fetched and kept, for issuers that have `statusList`. */
  readonly statusListPolicy?: Partial<StatusListPolicy>;
  /** Told of every fetch of a status list, and of each failure. */
  readonly onStatusListEvent?: (event: StatusListEvent) => void;
}

export const standingOptionNames = [
  'revocations',
  'statusListPolicy',
  'onStatusListEvent',
] as const satisfies (keyof StandingOptions)[];

/** What the standing options rest on. */
export interface StandingSurroundings {
  readonly issuers: TrustedIssuers;
  readonly clock: Clock;
  readonly fetch: Fetch;
}

/**
 * The checks of whether a token still stands, the nearest first; none where nothing says so.
 *
 * Throws: `SetupError`.
 */
export function standingChecksFrom(
  { revocations, statusListPolicy, onStatusListEvent }: StandingOptions,
  { issuers, clock, fetch }: StandingSurroundings,
): readonly StandingCheck[] {
  const checks: StandingCheck[] = [];
  if (revocations !== undefined) checks.push(revocationCheck(revocationStoreFrom(revocations)));
  const policy = statusListPolicyFrom(statusListPolicy);
  const onEvent = functionIfAny(onStatusListEvent, 'onStatusListEvent');
  if (mayHaveLists(issuers)) {
    const { fetchTimeoutMs: timeoutMs, maximumBytes, maximumInflatedBytes } = policy;
    const loading = { fetch, timeoutMs, maximumBytes, maximumInflatedBytes, clock };
    const load = (uri: string, statusIssuer: Parameters<typeof loadStatusList>[1]) =>
      loadStatusList(uri, statusIssuer, loading);
    checks.push(statusListCheck({ issuers, lists: statusListCache({ load, policy, clock, onEvent }) }));
  } else if (statusListPolicy !== undefined) {
    throw new SetupError({
      option: 'statusListPolicy',
      problem: 'no issuer has status lists',
      remedy: 'Give statusList: { uris } to the issuer that has them.',
    });
  }
  return checks;
}

/** Whether some issuer has lists; where a resolver names issuers only when tokens come, any of them may. */
function mayHaveLists(issuers: TrustedIssuers): boolean {
  const named = [...issuers.values()];
  return named.length === 0 || named.some(({ statusList }) => statusList !== undefined);
}

function revocationStoreFrom(store: RevocationStore): RevocationStore {
  if (typeof (Object(store) as Partial<RevocationStore>).isRevoked === 'function') return store;
  throw new SetupError({
    option: 'revocations',
    problem: 'it is not a revocation store',
    remedy: 'Give a store with isRevoked(token), for instance inMemoryRevocations().',
  });
}
