import type { Clock } from '../clock.js';
import { discoveredKeySetLoader, fetchKeySet, isSecureUrl } from '../keys/discovery.js';
import type { Fetch } from '../keys/fetch-json.js';
import { fixedKeys, type FixedKeys } from '../keys/fixed-keys.js';
import type { KeyEvent, KeySource } from '../keys/key-source.js';
import { defaultKeyPolicy, remoteKeys, type KeyPolicy } from '../keys/remote-keys.js';
import { SetupError } from '../setup-error.js';
import { knownOptionsOnly } from './options.js';
import { positiveSeconds } from './numbers.js';

/** A key set at a URL, for an issuer without metadata. */
export interface KeySetUrl {
  /** Where the JWK Set is (RFC 8414's `jwks_uri`). */
  readonly jwksUri: string;
}

/** Where an issuer's keys come from. Left out: discovered from the issuer. */
export type KeysOption = FixedKeys | KeySetUrl | KeySource;

/** What every remote key source shares. */
export interface RemoteKeySettings {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly allowInsecureLoopback: boolean;
  readonly policy: KeyPolicy;
  readonly onEvent: ((event: KeyEvent) => void) | undefined;
}

/**
 * The key source that the `keys` option of an issuer stands for.
 *
 * Throws: `SetupError`.
 */
export function keySourceFrom(
  keys: KeysOption | undefined,
  { issuer, option }: { issuer: string; option: string },
  settings: RemoteKeySettings,
): KeySource {
  if (keys === undefined)
    return remote(issuer, discoveredKeySetLoader({ issuer, ...limitsOf(settings) }), settings);
  if (typeof keys === 'object' && 'find' in keys) return keys as KeySource;
  if (typeof keys === 'object' && 'jwksUri' in keys) {
    const { jwksUri } = keys as KeySetUrl;
    requireSecureUrl(jwksUri, `${option}.jwksUri`, settings);
    return remote(issuer, () => fetchKeySet(jwksUri, limitsOf(settings)), settings);
  }
  return fixedKeys(keys, option);
}

/**
 * The key policy, the defaults filled in.
 *
 * Throws: `SetupError`.
 */
export function keyPolicyFrom(given: Partial<KeyPolicy> = {}, option = 'keyPolicy'): KeyPolicy {
  knownOptionsOnly(given, Object.keys(defaultKeyPolicy), option);
  const policy = { ...defaultKeyPolicy, ...given };
  for (const [name, value] of Object.entries(policy)) {
    if (name !== 'staleIfErrorSeconds') positiveSeconds(value, `${option}.${name}`);
  }
  const refuse = (name: keyof KeyPolicy, problem: string, remedy: string) =>
    new SetupError({ option: `${option}.${name}`, problem, remedy });
  const { refreshAfterSeconds, maximumAgeSeconds, staleIfErrorSeconds } = policy;
  if (refreshAfterSeconds > maximumAgeSeconds) {
    throw refuse(
      'refreshAfterSeconds',
      'it is above maximumAgeSeconds',
      'Refresh before the keys are too old.',
    );
  }
  if (!(staleIfErrorSeconds >= 0 && staleIfErrorSeconds <= 86_400)) {
    throw refuse('staleIfErrorSeconds', 'it is not from 0 to 86400', 'Give at most a day.');
  }
  return policy;
}

function remote(
  issuer: string,
  load: Parameters<typeof remoteKeys>[0]['load'],
  settings: RemoteKeySettings,
): KeySource {
  const { clock, policy, onEvent } = settings;
  return remoteKeys({ issuer, load, clock, policy, onEvent });
}

function limitsOf({ fetch, allowInsecureLoopback, policy }: RemoteKeySettings) {
  const { fetchTimeoutMs: timeoutMs, maximumBytes } = policy;
  return { fetch, allowInsecureLoopback, timeoutMs, maximumBytes };
}

function requireSecureUrl(url: unknown, option: string, { allowInsecureLoopback }: RemoteKeySettings): void {
  if (typeof url === 'string' && isSecureUrl(url, { allowInsecureLoopback })) return;
  throw new SetupError({
    option,
    problem: 'it is not an https URL',
    remedy: 'Use https, or set allowInsecureLoopback: true for a server on this machine.',
  });
}
