import { KeyObject } from 'node:crypto';
import type { Algorithm } from '../algorithms.js';
import type { Clock } from '../clock.js';
import { isJsonObject } from '../encoding/strict-json.js';
import { checkedKeySource } from '../keys/checked-key-source.js';
import { discoveredKeySetLoader, fetchKeySet } from '../keys/discovery.js';
import type { Fetch } from '../keys/fetch-json.js';
import { fixedKeys, type FixedKeys } from '../keys/fixed-keys.js';
import type { KeyPolicy } from '../keys/key-policy.js';
import type { KeySet } from '../keys/key-set.js';
import type { KeyEvent, KeySource } from '../keys/key-source.js';
import { remoteKeys } from '../keys/remote-keys.js';
import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';
import { knownOptionsOnly } from './options.js';

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

/** Whose keys they are, and where the option stands. */
export interface KeyOwner {
  readonly issuer: string;
  readonly option: string;
  /** The algorithms that the issuer may use, the preferred one first. Default: all that are known. */
  readonly algorithms?: ReadonlySet<Algorithm>;
  /** Only for discovered keys. Default false. */
  readonly requireConsistentMetadata?: boolean | undefined;
}

/**
 * The key source that the `keys` option of an issuer stands for.
 *
 * Throws: `SetupError`.
 */
export function keySourceFrom(
  keys: KeysOption | undefined,
  owner: KeyOwner,
  settings: RemoteKeySettings,
): KeySource {
  const { issuer, option, algorithms, requireConsistentMetadata = false } = owner;
  const { clock, policy, onEvent } = settings;
  const limits = limitsOf(settings);
  if (typeof requireConsistentMetadata !== 'boolean') throw consistencyRefusal(owner, 'it is not a boolean');
  const remote = (load: () => Promise<KeySet>) => remoteKeys({ issuer, load, clock, policy, onEvent });

  if (keys === undefined) {
    const found = { ...limits, issuer, clock, requireConsistentMetadata };
    return remote(discoveredKeySetLoader(algorithms === undefined ? found : { ...found, algorithms }));
  }
  if (requireConsistentMetadata)
    throw consistencyRefusal(owner, 'it stands beside keys: no metadata is read');
  if (isKeySource(keys)) return checkedKeySource(keys);
  if (isKeySetUrl(keys)) {
    const jwksUri = secureUrlFrom(keys, option, settings);
    return remote(() => fetchKeySet(jwksUri, limits, algorithms));
  }
  return fixedKeys(fixedKeysOnly(keys, option), option, algorithms);
}

function consistencyRefusal({ option }: KeyOwner, problem: string): SetupError {
  return new SetupError({
    option: option.replace(/keys$/, 'requireConsistentMetadata'),
    problem,
    remedy: 'Give true where the keys are discovered, or leave it out.',
  });
}

function limitsOf({ fetch, allowInsecureLoopback, policy }: RemoteKeySettings) {
  const { fetchTimeoutMs: timeoutMs, maximumBytes } = policy;
  return { fetch, allowInsecureLoopback, timeoutMs, maximumBytes };
}

// An array has a `find`, too, and `keys`: it is none of these.
function isKeySource(keys: KeysOption): keys is KeySource {
  const { find, ready } = Object(keys) as Partial<KeySource>;
  return typeof find === 'function' && typeof ready === 'function';
}

function isKeySetUrl(keys: KeysOption): keys is KeySetUrl {
  return isJsonObject(keys) && 'jwksUri' in keys;
}

function secureUrlFrom(
  keys: KeySetUrl,
  option: string,
  { allowInsecureLoopback }: RemoteKeySettings,
): string {
  knownOptionsOnly(keys, ['jwksUri'], option);
  const url: unknown = keys.jwksUri;
  if (typeof url === 'string' && isSecureUrl(url, { allowInsecureLoopback })) return url;
  throw new SetupError({
    option: `${option}.jwksUri`,
    problem: 'it is not an https URL',
    remedy: 'Use https, or set allowInsecureLoopback: true for a server on this machine.',
  });
}

function fixedKeysOnly(keys: unknown, option: string): FixedKeys {
  if (keys instanceof KeyObject) return keys;
  if (isJsonObject(keys) && ('kty' in keys || Array.isArray(keys['keys']))) return keys as FixedKeys;
  if (typeof keys === 'string' && !URL.canParse(keys)) return keys;
  throw new SetupError({
    option,
    problem: 'it is none of the things that keys can be',
    remedy: 'Give a JWK, a JWK Set, a PEM text, a KeyObject or { jwksUri }, or leave it out for discovery.',
  });
}
