import { systemClock, type Clock } from '../clock.js';
import type { DecryptionKeyOptions } from '../encryption/decryption-keys.js';
import type { Fetch } from '../keys/fetch-json.js';
import type { KeyEvent } from '../keys/key-source.js';
import type { KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { audiencesFrom, issuerFrom } from './identifiers.js';
import {
  issuerEntries,
  perIssuerOptionNames,
  type IssuerOptions,
  type PerIssuerOptions,
} from './issuer-options.js';
import { keySourceFrom, type RemoteKeySettings } from './key-option.js';
import { keyPolicyFrom } from './key-policy.js';
import { leewayFrom, positiveSeconds } from './numbers.js';
import { profileFrom } from './profile-option.js';

/** The options of everything that verifies access tokens. */
export interface AccessTokenOptions extends PerIssuerOptions {
  /** The trusted issuer, or several of them. An unknown `iss` never causes a request. */
  readonly issuer: string | readonly IssuerOptions[];
  /** The clock difference that is forgiven for `exp`, `nbf` and `iat`. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** How long after `iat` a token is accepted at all. Units: seconds. Default: as long as `exp` says. */
  readonly maximumTokenAgeSeconds?: number;
  /** The keys that decrypt access tokens, each with its algorithms. Default: encrypted tokens are refused. */
  readonly decryptionKeys?: readonly DecryptionKeyOptions[];
  /** Refuses tokens that are not encrypted. Needs `decryptionKeys`. Default false. */
  readonly requireEncryption?: boolean;
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
  'decryptionKeys',
  'requireEncryption',
  'allowInsecureLoopback',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
  'clock',
] as const satisfies (keyof AccessTokenOptions)[];

/**
 * The issuers that some options name, each with its keys and expectations.
 *
 * Throws: `SetupError` for what is missing, weak or contradictory.
 */
export function trustedIssuersFrom(options: AccessTokenOptions): TrustedIssuers {
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
  };
  const issuers = new Map<string, TrustedIssuer>();
  for (const { where, entry } of issuerEntries(options)) {
    const identifier = issuerFrom(entry.issuer, `${where}issuer`, remote.allowInsecureLoopback);
    if (issuers.has(identifier)) {
      throw new SetupError({
        option: `${where}issuer`,
        problem: `${identifier} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    const algorithms = algorithmsFrom(entry.algorithms, `${where}algorithms`);
    const { requireConsistentMetadata } = entry;
    const owner = { issuer: identifier, option: `${where}keys`, algorithms, requireConsistentMetadata };
    issuers.set(identifier, {
      identifier,
      algorithms,
      keySource: keySourceFrom(entry.keys, owner, remote),
      profileAt: profileFrom(entry, where),
      hasCompatibility: entry.compatibility !== undefined,
      expectations: { ...shared, audiences: audiencesFrom(entry.audience, `${where}audience`) },
    });
  }
  return issuers;
}
