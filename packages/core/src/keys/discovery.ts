import type { Algorithm } from '../algorithms.js';
import type { Clock } from '../clock.js';
import { FetchFailure } from './fetch-failure.js';
import { fetchJson, type FetchLimits } from './fetch-json.js';
import { discoverJwksUri, type MetadataOptions } from './issuer-metadata.js';
import { keySetFrom, type KeySet } from './key-set.js';

/** What finding an issuer's key set needs. */
export interface DiscoveryOptions extends MetadataOptions {
  readonly clock: Clock;
  /** The algorithms that the issuer may use. Default: all that are known. */
  readonly algorithms?: ReadonlySet<Algorithm>;
}

const metadataAgeMs = 3_600_000;

/**
 * Loads the key set of an issuer by way of its metadata.
 *
 * The metadata is read again after an hour, and after the key set could not be had. Where only the metadata cannot
 * be reached, the keys are fetched from where they were.
 */
export function discoveredKeySetLoader(options: DiscoveryOptions): () => Promise<KeySet> {
  const { clock, algorithms } = options;
  let known: { readonly jwksUri: string; readonly readAtMs: number } | undefined;
  let inDoubt = false;

  const isRecent = (readAtMs: number) => Math.abs(clock.nowMs() - readAtMs) < metadataAgeMs;

  async function jwksUri(): Promise<string> {
    if (known !== undefined && !inDoubt && isRecent(known.readAtMs)) return known.jwksUri;
    try {
      known = { jwksUri: await discoverJwksUri(options), readAtMs: clock.nowMs() };
      return known.jwksUri;
    } catch (error) {
      if (known !== undefined && error instanceof FetchFailure && error.isOutage) return known.jwksUri;
      throw error;
    }
  }

  return async () => {
    const url = await jwksUri();
    inDoubt = true;
    const set = await fetchKeySet(url, options, algorithms);
    inDoubt = false;
    return set;
  };
}

/** The JWK Set at a URL. Rejects with a `FetchFailure` when the answer is not one. */
export async function fetchKeySet(
  url: string,
  limits: FetchLimits,
  algorithms?: ReadonlySet<Algorithm>,
): Promise<KeySet> {
  const document = await fetchJson(url, limits, { accept: 'application/jwk-set+json, application/json' });
  const set = keySetFrom(document, algorithms);
  if (!('unusable' in set)) return set;
  throw new FetchFailure(`GET from ${new URL(url).host} failed: ${set.unusable}`, { kind: 'content' });
}
