import { systemClock, type Clock } from '../clock.js';
import type { DecryptionKeyOptions } from '../encryption/decryption-keys.js';
import type { Fetch } from '../keys/fetch-json.js';
import type { KeyEvent, KeySource } from '../keys/key-source.js';
import type { KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { audiencesFrom, issuerFrom } from './identifiers.js';
import {
  issuerEntries,
  perIssuerOptionNames,
  resolvedEntry,
  type IssuerEntry,
  type IssuerOptions,
  type PerIssuerOptions,
} from './issuer-options.js';
import { keySourceFrom, type RemoteKeySettings } from './key-option.js';
import { keyPolicyFrom } from './key-policy.js';
import { leewayFrom, positiveSeconds } from './numbers.js';
import { resolvedIssuers, type IssuerResolver } from './resolved-issuers.js';
import { profileFrom } from './profile-option.js';
import { sharedSecretFrom } from './shared-secret.js';
import { standingOptionNames, type StandingOptions } from './standing.js';
import { statusIssuerFrom } from './status-list.js';

/** The options of everything that verifies access tokens. */
export interface AccessTokenOptions extends PerIssuerOptions, StandingOptions {
  /** The trusted issuer, several of them, or a resolver. An unknown `iss` never causes a request. */
  readonly issuer: string | readonly IssuerOptions[] | IssuerResolver;
  /** The clock difference that is forgiven for `exp`, `nbf` and `iat`. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** How long after `iat` a token is accepted at all. Units: seconds. Default: as long as `exp` says. */
  readonly maximumTokenAgeSeconds?: number;
  /** How far ahead `exp` may lie, from now and from `iat`. Units: seconds. Default: as far as the issuer likes. */
  readonly maximumTokenLifetimeSeconds?: number;
  /** The keys that decrypt access tokens, each with its algorithms. Default: encrypted tokens are refused. */
  readonly decryptionKeys?: readonly DecryptionKeyOptions[];
  /** Refuses tokens that are not encrypted. Needs `decryptionKeys`. Default false. */
  readonly requireEncryption?: boolean;
  /**
   * Verifies the signature of a token once and remembers that, up to 10,000 tokens. All else is judged each time. Default
   * true.
   */
  readonly rememberVerifiedSignatures?: boolean;
  /** Allows plain http for issuers on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** How remote key sets are fetched and kept. */
  readonly keyPolicy?: Partial<KeyPolicy>;
  /** Told of every fetch, failure and rotation of keys. */
  readonly onKeyEvent?: (event: KeyEvent) => void;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

export const accessTokenOptionNames = [
  'issuer',
  ...perIssuerOptionNames,
  'leewaySeconds',
  'maximumTokenAgeSeconds',
  'maximumTokenLifetimeSeconds',
  'decryptionKeys',
  'requireEncryption',
  'rememberVerifiedSignatures',
  'allowInsecureLoopback',
  'keyPolicy',
  'onKeyEvent',
  ...standingOptionNames,
  'fetch',
  'clock',
] as const satisfies (keyof AccessTokenOptions)[];

/**
 * The issuers that some options trust, each with its keys and expectations.
 *
 * Throws: `SetupError` for what is missing, weak or contradictory.
 */
export function trustedIssuersFrom(options: AccessTokenOptions): TrustedIssuers {
  const make = issuerMaker(options);
  const { issuer } = options;
  if (isResolver(issuer)) {
    const entryOf = resolvedEntry(options);
    return resolvedIssuers(issuer, (resolved) => make(entryOf(resolved)));
  }
  const issuers = new Map<string, TrustedIssuer>();
  for (const named of issuerEntries({ ...options, issuer })) {
    const made = make(named);
    if (issuers.has(made.identifier)) {
      throw new SetupError({
        option: `${named.where}issuer`,
        problem: `${made.identifier} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    issuers.set(made.identifier, made);
  }
  return issuers;
}

/** Makes trusted issuers of entries, with what they share. */
function issuerMaker(options: AccessTokenOptions): (named: IssuerEntry) => TrustedIssuer {
  const remote: RemoteKeySettings = {
    clock: options.clock ?? systemClock,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    allowInsecureLoopback: options.allowInsecureLoopback === true,
    policy: keyPolicyFrom(options.keyPolicy),
    onEvent: options.onKeyEvent,
  };
  const shared = {
    leewaySeconds: leewayFrom(options.leewaySeconds),
    maximumAgeSeconds: positiveSeconds(options.maximumTokenAgeSeconds, 'maximumTokenAgeSeconds'),
    maximumLifetimeSeconds: positiveSeconds(
      options.maximumTokenLifetimeSeconds,
      'maximumTokenLifetimeSeconds',
    ),
  };
  return ({ where, entry }) => {
    const identifier = issuerFrom(entry.issuer, `${where}issuer`, remote.allowInsecureLoopback);
    const issuer: TrustedIssuer = {
      identifier,
      ...originFrom({ where, entry }, identifier, remote),
      profileAt: profileFrom(entry, where),
      hasCompatibility: entry.compatibility !== undefined,
      expectations: {
        ...shared,
        audiences: audiencesFrom(entry.audience, `${where}audience`),
        acceptsSubject: acceptsSubjectFrom(entry.acceptsSubject, identifier, `${where}acceptsSubject`),
      },
    };
    const keys = issuer.sharedSecret === undefined ? issuer : undefined;
    const owner = { issuer, keys, option: `${where}statusList` };
    return { ...issuer, statusList: statusIssuerFrom(entry.statusList, owner, remote) };
  };
}

/** By what an issuer's tokens are verified: its keys, or the secret that it shares with us. */
function originFrom(
  { where, entry }: IssuerEntry,
  identifier: string,
  remote: RemoteKeySettings,
): Pick<TrustedIssuer, 'algorithms' | 'keySource' | 'sharedSecret'> {
  const sharedSecret = sharedSecretFrom(entry, where);
  if (sharedSecret !== undefined) return { algorithms: new Set(), keySource: noKeys, sharedSecret };
  const algorithms = algorithmsFrom(entry.algorithms, `${where}algorithms`);
  const { requireConsistentMetadata } = entry;
  const owner = { issuer: identifier, option: `${where}keys`, algorithms, requireConsistentMetadata };
  return { algorithms, keySource: keySourceFrom(entry.keys, owner, remote) };
}

const noKeys: KeySource = { find: () => [], ready: () => Promise.resolve() };

function acceptsSubjectFrom(
  accepts: IssuerOptions['acceptsSubject'],
  issuer: string,
  option: string,
): TrustedIssuer['expectations']['acceptsSubject'] {
  if (accepts === undefined) return undefined;
  if (typeof accepts !== 'function') {
    throw new SetupError({
      option,
      problem: 'it is not a function',
      remedy: 'Give a function of the subject and the issuer that returns true for those that are accepted.',
    });
  }
  return (subject) => accepts(subject, issuer);
}

function isResolver(issuer: AccessTokenOptions['issuer']): issuer is IssuerResolver {
  return typeof issuer === 'object' && 'resolve' in issuer;
}
