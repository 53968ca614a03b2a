import type { Algorithm } from '../algorithms.js';
import { systemClock, type Clock } from '../clock.js';
import type { DecryptionKeyOptions } from '../encryption/decryption-keys.js';
import type { Fetch } from '../keys/fetch-json.js';
import type { KeyEvent } from '../keys/key-source.js';
import type { KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { audiencesFrom, issuerFrom } from './identifiers.js';
import { keySourceFrom, type KeysOption, type RemoteKeySettings } from './key-option.js';
import { keyPolicyFrom } from './key-policy.js';
import { leewayFrom, positiveSeconds } from './numbers.js';
import { knownOptionsOnly } from './options.js';

/** One trusted issuer, and what is particular to its tokens. */
export interface IssuerOptions {
  /** The issuer identifier, exactly as in `iss` and in the issuer's metadata. */
  readonly issuer: string;
  /** Default: the `audience` beside the list. */
  readonly audience?: string | readonly string[];
  /**
   * Default: every asymmetric algorithm that is supported. A key that names no `alg` serves one algorithm only: the
   * first of this list that fits it; by default an RSA key serves RS256.
   */
  readonly algorithms?: readonly Algorithm[];
  /** Default: discovered from the issuer. */
  readonly keys?: KeysOption;
  /**
   * Reads both the OAuth and the OpenID Connect metadata of the issuer, and accepts no token while both exist and
   * name different issuers or key sets. Default false: the first of the two that is there is read.
   *
   * Spec: RFC 9068 section 4.
   */
  readonly requireConsistentMetadata?: boolean;
}

/** The options of everything that verifies access tokens. */
export interface AccessTokenOptions {
  /** The trusted issuer, or several of them. An unknown `iss` never causes a request. */
  readonly issuer: string | readonly IssuerOptions[];
  /** The identifiers of this resource server; a token has to name one of them. */
  readonly audience?: string | readonly string[];
  /** The keys of a single issuer. Default: discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly keys?: KeysOption;
  /** See `IssuerOptions`; what an entry of the list says counts for it. Default false. */
  readonly requireConsistentMetadata?: boolean;
  /** Default: every asymmetric algorithm that is supported. */
  readonly algorithms?: readonly Algorithm[];
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

const issuerOptionNames = [
  'issuer',
  'audience',
  'algorithms',
  'keys',
  'requireConsistentMetadata',
] as const satisfies (keyof IssuerOptions)[];

export const accessTokenOptionNames = [
  ...issuerOptionNames,
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
  const entries = issuerEntries(options);
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
  for (const { where, entry } of entries) {
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
      expectations: { ...shared, audiences: audiencesFrom(entry.audience, `${where}audience`) },
    });
  }
  return issuers;
}

/** One entry for each issuer, and the prefix that its options have in messages. */
function issuerEntries(options: AccessTokenOptions): readonly { where: string; entry: IssuerOptions }[] {
  const { issuer, audience, algorithms, keys, requireConsistentMetadata } = options;
  const inherited = {
    ...(audience === undefined ? {} : { audience }),
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(requireConsistentMetadata === undefined ? {} : { requireConsistentMetadata }),
  };
  if (!Array.isArray(issuer)) {
    return [
      {
        where: '',
        entry: { ...inherited, ...(keys === undefined ? {} : { keys }), issuer: issuer as string },
      },
    ];
  }
  const list = issuer as readonly IssuerOptions[];
  if (list.length === 0) {
    throw new SetupError({
      option: 'issuer',
      problem: 'the list is empty',
      remedy: 'Name at least one issuer.',
    });
  }
  if (keys !== undefined) {
    throw new SetupError({
      option: 'keys',
      problem: 'keys stands beside a list of issuers, so that it is not said whose keys they are',
      remedy: 'Move keys into the entry of its issuer.',
    });
  }
  return list.map((entry, index) => {
    const where = `issuer[${String(index)}]`;
    knownOptionsOnly(entry, issuerOptionNames, where);
    return { where: `${where}.`, entry: { ...inherited, ...entry } };
  });
}
