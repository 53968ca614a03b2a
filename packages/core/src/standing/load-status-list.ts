import type { Clock } from '../clock.js';
import { fetchBody, type FetchLimits } from '../keys/fetch-body.js';
import { isNumericDate } from '../rules/shapes.js';
import { decodeStatusList, type StatusList } from './decode-status-list.js';
import type { StatusIssuer } from './status-issuer.js';
import { acceptStatusList } from './accept-status-list.js';

/** A status list that was accepted, and for how long it may be used. */
export interface LoadedStatusList {
  readonly list: StatusList;
  /** Units: seconds. `undefined` where the issuer does not say. */
  readonly ttlSeconds: number | undefined;
  /** From this instant on the list is not used; it may never come. Units: milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** What loading a status list needs. */
export interface LoadingOptions extends FetchLimits {
  readonly clock: Clock;
  readonly maximumInflatedBytes: number;
}

const mediaType = {
  pattern: /^application\/statuslist\+jwt\s*(;|$)/i,
  name: 'application/statuslist+jwt',
};

/**
 * The status list at a URI that the configuration names, fetched, verified and unpacked.
 *
 * What HTTP says of caching plays no part: `exp` and `ttl` are signed, headers are not.
 *
 * Throws: `FetchFailure` where it cannot be had; `AssayError` where it is refused.
 * Spec: draft-ietf-oauth-status-list sections 8.1 to 8.3.
 */
export async function loadStatusList(
  uri: string,
  { signer }: Pick<StatusIssuer, 'signer'>,
  options: LoadingOptions,
): Promise<LoadedStatusList> {
  const body = await fetchBody(uri, options, { accept: mediaType.name, type: mediaType });
  const jwt = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const accepted = await acceptStatusList(jwt, uri, { ...options, signer });
  const { ttl, exp, status_list: claim } = accepted.claims;
  return {
    list: await decodeStatusList(claim, options.maximumInflatedBytes),
    ttlSeconds: isNumericDate(ttl) ? ttl : undefined,
    expiresAtMs: isNumericDate(exp) ? (exp + signer.expectations.leewaySeconds) * 1000 : Infinity,
  };
}
