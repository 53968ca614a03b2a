import type { Algorithm } from '../algorithms.js';
import { systemClock, type Clock } from '../clock.js';
import { isSecureUrl } from '../keys/secure-url.js';
import type { Fetch } from '../keys/fetch-json.js';
import type { KeyEvent } from '../keys/key-source.js';
import type { KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';
import { algorithmsFrom } from './algorithm-list.js';
import { issuerFrom } from './identifiers.js';
import { keySourceFrom, type KeysOption, type RemoteKeySettings } from './key-option.js';
import { keyPolicyFrom } from './key-policy.js';
import { leewayFrom, positiveSeconds } from './numbers.js';

/** One issuer whose assertions are accepted, and for whom. */
export interface AssertionIssuerOptions {
  /** The identifier, exactly as in `iss`. It need not be a URL. */
  readonly issuer: string;
  /** Default: discovered from the issuer, where its identifier is an https URL. */
  readonly keys?: KeysOption;
  /** The subjects that this issuer may speak for, each compared exactly. */
  readonly subjects: readonly string[];
  /** Default: every asymmetric algorithm that is supported. */
  readonly algorithms?: readonly Algorithm[];
  /** What `aud` has to be: the issuer identifier of this server, or that or its token endpoint. Default `issuer`. */
  readonly audience?: 'issuer' | 'issuer-or-token-endpoint';
  /** Whether an assertion is accepted once only, and so needs a `jti` of at most 256 characters. Default true. */
  readonly singleUse?: boolean;
  /** How far `exp` may lie ahead, and how far after `iat`. Units: seconds. Default 300. */
  readonly maximumLifetimeSeconds?: number;
}

/** What everything that judges assertions is told, beside whom to trust. */
export interface AssertionJudgingOptions {
  /** The issuer identifier of this authorization server. */
  readonly issuer: string;
  /** The URL of the token endpoint. */
  readonly tokenEndpoint?: string;
  /** The clock difference that is forgiven for `exp`, `nbf` and `iat`. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** Allows plain http on loopback, for development and tests. Default false. */
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

/** How long an assertion may live unless its issuer's entry says otherwise. Units: seconds. */
export const defaultMaximumLifetimeSeconds = 300;

export const assertionIssuerOptionNames = [
  'issuer',
  'keys',
  'subjects',
  'algorithms',
  'audience',
  'singleUse',
  'maximumLifetimeSeconds',
] as const satisfies (keyof AssertionIssuerOptions)[];

export const assertionJudgingOptionNames = [
  'issuer',
  'tokenEndpoint',
  'leewaySeconds',
  'allowInsecureLoopback',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
  'clock',
] as const satisfies (keyof AssertionJudgingOptions)[];

/**
 * The assertion issuers that some options name, each with its keys and expectations.
 *
 * Throws: `SetupError` for what is missing, weak or contradictory.
 */
export function assertionIssuersFrom(
  entries: readonly AssertionIssuerOptions[],
  options: AssertionJudgingOptions,
): TrustedIssuers {
  const allowInsecureLoopback = options.allowInsecureLoopback ?? false;
  const server = {
    issuer: issuerFrom(options.issuer, 'issuer', allowInsecureLoopback),
    tokenEndpoint: options.tokenEndpoint,
    leewaySeconds: leewayFrom(options.leewaySeconds),
    remote: {
      clock: options.clock ?? systemClock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      allowInsecureLoopback,
      policy: keyPolicyFrom(options.keyPolicy),
      onEvent: options.onKeyEvent,
    },
  };
  if (!Array.isArray(entries) || entries.length === 0) {
    throw new SetupError({
      option: 'assertionIssuers',
      problem: 'no issuer of assertions is trusted',
      remedy: 'Name at least one, with its keys and subjects.',
    });
  }
  const issuers = new Map<string, TrustedIssuer>();
  entries.forEach((entry: AssertionIssuerOptions, index) => {
    const where = `assertionIssuers[${String(index)}]`;
    const issuer = trustedIssuer(entry, where, server);
    if (issuers.has(issuer.identifier)) {
      throw new SetupError({
        option: `${where}.issuer`,
        problem: `${issuer.identifier} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    issuers.set(issuer.identifier, issuer);
  });
  return issuers;
}

interface ServerSettings {
  readonly issuer: string;
  readonly tokenEndpoint: string | undefined;
  readonly leewaySeconds: number;
  readonly remote: RemoteKeySettings;
}

function trustedIssuer(entry: AssertionIssuerOptions, where: string, server: ServerSettings): TrustedIssuer {
  const identifier = identifierFrom(entry.issuer, `${where}.issuer`);
  const subjects = subjectsFrom(entry.subjects, `${where}.subjects`);
  const maximumLifetimeSeconds = positiveSeconds(
    entry.maximumLifetimeSeconds ?? defaultMaximumLifetimeSeconds,
    `${where}.maximumLifetimeSeconds`,
  );
  const algorithms = algorithmsFrom(entry.algorithms, `${where}.algorithms`);
  return {
    identifier,
    algorithms,
    keySource: keySourceFrom(
      keysFrom(entry.keys, identifier, `${where}.keys`, server.remote),
      { issuer: identifier, option: `${where}.keys`, algorithms },
      server.remote,
    ),
    expectations: {
      audiences: audiencesFrom(entry.audience, `${where}.audience`, server),
      leewaySeconds: server.leewaySeconds,
      maximumLifetimeSeconds,
      singleUse: singleUseFrom(entry.singleUse, `${where}.singleUse`),
      acceptsSubject: (subject) => subjects.has(subject),
    },
  };
}

function identifierFrom(issuer: unknown, option: string): string {
  if (typeof issuer === 'string' && issuer !== '') return issuer;
  throw new SetupError({
    option,
    problem: 'it is not a string with something in it',
    remedy: 'Give the identifier exactly as the assertions have it in iss.',
  });
}

/** The `keys` option; it may be left out only where there is a place to discover keys. */
function keysFrom(
  keys: KeysOption | undefined,
  identifier: string,
  option: string,
  { allowInsecureLoopback }: RemoteKeySettings,
): KeysOption | undefined {
  const isDiscoverable = isSecureUrl(identifier, { allowInsecureLoopback }) && !/[?#]/.test(identifier);
  if (keys !== undefined || isDiscoverable) return keys;
  throw new SetupError({
    option,
    problem: 'the issuer is not an https URL, so that its keys cannot be discovered',
    remedy: "Give keys: a JWK Set, a PEM text, or { jwksUri: 'https://…' }.",
  });
}

function subjectsFrom(subjects: unknown, option: string): ReadonlySet<string> {
  const list: readonly unknown[] = Array.isArray(subjects) ? subjects : [];
  if (list.length === 0) {
    throw new SetupError({
      option,
      problem: 'no subject is named, so that the issuer could speak for anybody',
      remedy: 'List the subjects that this issuer may speak for.',
    });
  }
  return new Set(
    list.map((subject, index) => {
      // Patterns are not supported: an asterisk would match nothing where its author expects everything.
      if (typeof subject === 'string' && subject !== '' && !subject.includes('*')) return subject;
      throw new SetupError({
        option: `${option}[${String(index)}]`,
        problem: 'it is not one exact subject',
        remedy: 'Write out each subject; there are no wildcards.',
      });
    }),
  );
}

function audiencesFrom(
  audience: unknown,
  option: string,
  { issuer, tokenEndpoint }: ServerSettings,
): readonly string[] {
  if (audience === undefined || audience === 'issuer') return [issuer];
  if (audience !== 'issuer-or-token-endpoint') {
    throw new SetupError({
      option,
      problem: 'there is no such value',
      remedy: 'Use issuer or issuer-or-token-endpoint.',
    });
  }
  if (tokenEndpoint !== undefined) return [issuer, tokenEndpoint];
  throw new SetupError({
    option,
    problem: 'the token endpoint is accepted as an audience, but tokenEndpoint does not say what it is',
    remedy: 'Give tokenEndpoint, or accept the issuer alone.',
  });
}

function singleUseFrom(singleUse: unknown = true, option: string): boolean {
  if (typeof singleUse === 'boolean') return singleUse;
  throw new SetupError({ option, problem: 'it is not a boolean', remedy: 'Give true or false.' });
}
