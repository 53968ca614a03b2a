import type { Algorithm } from '../algorithms.js';
import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';
import type { StatusIssuer } from '../standing/status-issuer.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { keySourceFrom, type KeysOption, type RemoteKeySettings } from './key-option.js';
import { knownOptionsOnly } from './options.js';

/** The status lists of an issuer's tokens. */
export interface StatusListOptions {
  /**
   * Where the lists are: each a URI, or, with a slash at its end, everything beneath it. A token that names a list
   * anywhere else is refused, and nothing is fetched.
   */
  readonly uris: readonly string[];
  /** By what the lists are signed. Default: the keys of the issuer. */
  readonly keys?: KeysOption;
  /** Default: those that the issuer may use. */
  readonly algorithms?: readonly Algorithm[];
  /** Whether a token without the claim `status` is refused. One with it is checked in any case. Default true. */
  readonly required?: boolean;
  /**
   * Statuses that pass beside VALID (0), each from 2 to 255: what they mean is between you and the issuer. Default none.
   *
   * Spec: draft-ietf-oauth-status-list section 7.1.
   */
  readonly acceptedStatuses?: readonly number[];
}

/** Whose status lists they are, and where the option stands. */
export interface StatusListOwner {
  readonly issuer: Pick<TrustedIssuer, 'identifier' | 'expectations'>;
  /** The keys of the issuer, where it has any. */
  readonly keys: Pick<TrustedIssuer, 'algorithms' | 'keySource'> | undefined;
  readonly option: string;
}

const names = [
  'uris',
  'keys',
  'algorithms',
  'required',
  'acceptedStatuses',
] as const satisfies (keyof StatusListOptions)[];

/**
 * Whose status lists count for the tokens of an issuer; `undefined` where its tokens are not looked up.
 *
 * Throws: `SetupError`.
 */
export function statusIssuerFrom(
  given: StatusListOptions | undefined,
  owner: StatusListOwner,
  remote: RemoteKeySettings,
): StatusIssuer | undefined {
  if (given === undefined) return undefined;
  const { option, issuer } = owner;
  knownOptionsOnly(given, names, option);
  return {
    signer: {
      identifier: issuer.identifier,
      ...signingKeysFrom(given, owner, remote),
      expectations: {
        audiences: issuer.expectations.audiences,
        leewaySeconds: issuer.expectations.leewaySeconds,
      },
      // What is wrong with a list says nothing of the dialect of access tokens.
      hasCompatibility: true,
    },
    names: statusUrisFrom(given.uris, `${option}.uris`, remote.allowInsecureLoopback),
    required: booleanFrom(given.required, `${option}.required`),
    acceptedStatuses: statusesFrom(given.acceptedStatuses, `${option}.acceptedStatuses`),
  };
}

function signingKeysFrom(
  { keys, algorithms: named }: StatusListOptions,
  { issuer, keys: ofIssuer, option }: StatusListOwner,
  remote: RemoteKeySettings,
): Pick<TrustedIssuer, 'algorithms' | 'keySource'> {
  const algorithms =
    named === undefined && ofIssuer !== undefined
      ? ofIssuer.algorithms
      : algorithmsFrom(named, `${option}.algorithms`);
  if (keys !== undefined) {
    const owner = { issuer: issuer.identifier, option: `${option}.keys`, algorithms };
    return { algorithms, keySource: keySourceFrom(keys, owner, remote) };
  }
  if (ofIssuer !== undefined) return { algorithms, keySource: ofIssuer.keySource };
  throw new SetupError({
    option: `${option}.keys`,
    problem: 'the issuer has a shared secret and no keys, so that nothing could verify its lists',
    remedy: 'Give the keys by which the lists are signed.',
  });
}

/**
 * Whether a URI is one of a list, or beneath one that ends with a slash. Compared to the character: a URI that a client
 * would read as another one is none of them.
 *
 * Throws: `SetupError`.
 */
export function statusUrisFrom(
  uris: unknown,
  option: string,
  allowInsecureLoopback: boolean,
): (uri: string) => boolean {
  const list: readonly unknown[] = Array.isArray(uris) ? uris : [];
  if (list.length === 0) {
    throw new SetupError({
      option,
      problem: 'it does not say where the lists are, and nothing else may be fetched',
      remedy: "List the URIs, for instance ['https://as.example/statuslists/'].",
    });
  }
  const known = list.map((uri, index) => {
    if (isPlainUri(uri, allowInsecureLoopback)) return uri;
    throw new SetupError({
      option: `${option}[${String(index)}]`,
      problem: 'it is not an https URL as a client writes it, without fragment',
      remedy:
        'Write it out in full, host in lower case; use https, or set allowInsecureLoopback: true for a server on this machine.',
    });
  });
  const exact = new Set(known);
  const prefixes = known.filter((uri) => uri.endsWith('/'));
  return (uri) =>
    (exact.has(uri) || prefixes.some((prefix) => uri.startsWith(prefix))) &&
    isPlainUri(uri, allowInsecureLoopback);
}

/** A URL that stays what it is when a client parses it: no dot segments, and nothing that a server may take for some. */
function isPlainUri(uri: unknown, allowInsecureLoopback: boolean): uri is string {
  if (typeof uri !== 'string' || uri.includes('#') || /%(2e|2f|5c)/i.test(uri)) return false;
  return isSecureUrl(uri, { allowInsecureLoopback }) && new URL(uri).href === uri;
}

function booleanFrom(required: unknown = true, option: string): boolean {
  if (typeof required === 'boolean') return required;
  throw new SetupError({ option, problem: 'it is not a boolean', remedy: 'Give true or false.' });
}

function statusesFrom(statuses: unknown = [], option: string): ReadonlySet<number> {
  const isAcceptable = (status: unknown): status is number =>
    Number.isInteger(status) && (status as number) >= 2 && (status as number) <= 255;
  if (Array.isArray(statuses) && statuses.every(isAcceptable)) return new Set(statuses);
  throw new SetupError({
    option,
    problem: 'it is not a list of statuses from 2 to 255',
    remedy: 'Name the values that pass beside VALID (0). INVALID (1) never does.',
  });
}
