/** How status lists are fetched and kept. */
export interface StatusListPolicy {
  /** The shortest time that a list is kept, whatever its `ttl` says; never beyond its `exp`. Default 10, at most 86400. */
  readonly minimumAgeSeconds: number;
  /** How long a list without `ttl` is kept. Default 300, at most 86400. */
  readonly defaultAgeSeconds: number;
  /** The longest time that a list is kept, whatever its `ttl` says. Default 3600, at most 86400. */
  readonly maximumAgeSeconds: number;
  /**
   * How long past that time a list is still used when it cannot be had anew, and never beyond its `exp`. For as long,
   * a token that was revoked meanwhile goes on being accepted. Default 0, at most 86400.
   */
  readonly staleIfErrorSeconds: number;
  /** Units: milliseconds for one fetch. Default 5000, at most 60000. */
  readonly fetchTimeoutMs: number;
  /** Units: bytes of one signed list as it is sent. Default 2097152, at most 67108864. */
  readonly maximumBytes: number;
  /** Units: bytes of one list when it is unpacked. Default 8388608, at most 268435456. */
  readonly maximumInflatedBytes: number;
  /**
   * Of how many lists something is kept, and how many can be fetched at once; the one that was asked for longest ago goes
   * first. Default 100, at most 10000.
   */
  readonly maximumLists: number;
  /** Units: bytes of all lists that are kept. Default 67108864, at most 1073741824. */
  readonly maximumCachedBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultStatusListPolicy: StatusListPolicy = Object.freeze({
  minimumAgeSeconds: 10,
  defaultAgeSeconds: 300,
  maximumAgeSeconds: 3600,
  staleIfErrorSeconds: 0,
  fetchTimeoutMs: 5000,
  maximumBytes: 2 * mebibyte,
  maximumInflatedBytes: 8 * mebibyte,
  maximumLists: 100,
  maximumCachedBytes: 64 * mebibyte,
});
