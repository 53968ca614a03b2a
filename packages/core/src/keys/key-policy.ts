/** One policy for every remote key set. */
export interface KeyPolicy {
  /** How long a fetched set is used without asking again. Default 600 seconds, at most 86400. */
  readonly maximumAgeSeconds: number;
  /** From this age on a request starts a refresh in the background. Default 300 seconds. */
  readonly refreshAfterSeconds: number;
  /** How long past its age a set is still used when it cannot be had anew. Default 3600, at most 86400 seconds. */
  readonly staleIfErrorSeconds: number;
  /** Units: milliseconds for one fetch. Default 5000, at most 60000. */
  readonly fetchTimeoutMs: number;
  /** Units: bytes of one document. Default 524288, at most 16777216. */
  readonly maximumBytes: number;
  /** How many fetches unknown `kid`s may cause in a minute, at least a second apart. Default 6, at most 60. */
  readonly unknownKidFetchesPerMinute: number;
}

export const defaultKeyPolicy: KeyPolicy = Object.freeze({
  maximumAgeSeconds: 600,
  refreshAfterSeconds: 300,
  staleIfErrorSeconds: 3600,
  fetchTimeoutMs: 5000,
  maximumBytes: 512 * 1024,
  unknownKidFetchesPerMinute: 6,
});
