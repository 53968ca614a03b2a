import { systemClock, type Clock } from './clock.js';
import {
  defaultMaximumResponseAgeSeconds,
  introspectionResponseParts,
  responseAlgorithmsFrom,
  type ResponseJudgingOptions,
} from './introspection/jwt-response.js';
import type { Fetch } from './keys/fetch-json.js';
import type { KeyPolicy } from './keys/key-policy.js';
import type { KeyEvent } from './keys/key-source.js';
import { audiencesFrom, issuerFrom } from './settings/identifiers.js';
import { keySourceFrom, type KeysOption } from './settings/key-option.js';
import { keyPolicyFrom } from './settings/key-policy.js';
import { leewayFrom, positiveSeconds } from './settings/numbers.js';
import { knownOptionsOnly } from './settings/options.js';
import { createVerifier, type Verifier } from './verifier.js';

/** The options of a verifier of signed introspection responses. */
export interface IntrospectionResponseVerifierOptions extends ResponseJudgingOptions {
  /** The authorization server whose answers they are. */
  readonly issuer: string;
  /** The identifiers of this resource server; an answer has to name one of them. */
  readonly audience: string | readonly string[];
  /** Default: discovered from the issuer. */
  readonly keys?: KeysOption;
  /** How long after `iat` an answer is accepted. Units: seconds. Default 60. */
  readonly maximumAgeSeconds?: number;
  /** The clock difference that is forgiven. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  /** Allows plain http on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** How a remote key set is fetched and kept. */
  readonly keyPolicy?: Partial<KeyPolicy>;
  /** Told of every fetch, failure and rotation of keys. */
  readonly onKeyEvent?: (event: KeyEvent) => void;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const optionNames = [
  'issuer',
  'audience',
  'algorithms',
  'keys',
  'decryptionKeys',
  'maximumAgeSeconds',
  'leewaySeconds',
  'allowInsecureLoopback',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
  'clock',
] as const satisfies (keyof IntrospectionResponseVerifierOptions)[];

/**
 * A verifier of JWT introspection responses, without HTTP. What an answer says of a token stands in its
 * `token_introspection` claim and is not judged: the answer may well say that the token is not active.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9701 section 5.
 */
export function createIntrospectionResponseVerifier(
  options: IntrospectionResponseVerifierOptions,
): Verifier<'introspection-response'> {
  knownOptionsOnly(options, optionNames);
  const { clock = systemClock, maximumAgeSeconds = defaultMaximumResponseAgeSeconds } = options;
  const allowInsecureLoopback = options.allowInsecureLoopback === true;
  const issuer = issuerFrom(options.issuer, 'issuer', allowInsecureLoopback);
  const keySource = keySourceFrom(
    options.keys,
    { issuer, option: 'keys', algorithms: responseAlgorithmsFrom(options, '') },
    {
      clock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      allowInsecureLoopback,
      policy: keyPolicyFrom(options.keyPolicy),
      onEvent: options.onKeyEvent,
    },
  );
  const origin = {
    issuer,
    audiences: audiencesFrom(options.audience, 'audience'),
    keySource,
    leewaySeconds: leewayFrom(options.leewaySeconds),
    maximumAgeSeconds: positiveSeconds(maximumAgeSeconds, 'maximumAgeSeconds'),
    clock,
  };
  return createVerifier(introspectionResponseParts(origin, options));
}
