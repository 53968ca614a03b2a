import {
  isScopeToken,
  isSecureUrl,
  knownOptionsOnly,
  SetupError,
  type Clock,
  type Fetch,
  type SigningKey,
} from '@assay/core';

/** Who speaks for whom in the assertions of a client, and with which key. */
export interface AssertionOptions {
  /** `iss`: the name under which the authorization server knows the key. */
  readonly issuer: string;
  /** `sub`: whom the token is for. */
  readonly subject: string;
  /** The private key: a JWK, a PEM text, a `KeyObject`, or `{ alg, kid, sign }` for a KMS or an HSM. */
  readonly key: SigningKey;
  /** How long one assertion lives. Units: seconds. Default 60. */
  readonly lifetimeSeconds?: number;
}

/** The options of a client that exchanges assertions for tokens. */
export interface JwtBearerClientOptions {
  /** The issuer identifier of the authorization server, exactly as in its metadata. */
  readonly authorizationServer: string;
  readonly assertion: AssertionOptions;
  /** The resource that the token is for, and under which it is sent. */
  readonly resource: string;
  /** The scopes to ask for, as a list or separated by spaces. Default: what the authorization server gives. */
  readonly scope?: string | readonly string[];
  /** Allows plain http on loopback, for development and tests. Default false. */
  readonly allowInsecureLoopback?: boolean;
  /** Units: milliseconds for one exchange with the authorization server. Default 10000. */
  readonly timeoutMs?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** The options, judged. */
export interface JwtBearerSettings {
  readonly authorizationServer: string;
  readonly issuer: string;
  readonly subject: string;
  readonly key: SigningKey;
  readonly lifetimeSeconds: number;
  readonly resource: string;
  readonly scope: readonly string[] | undefined;
  readonly allowInsecureLoopback: boolean;
  readonly timeoutMs: number;
  readonly maximumBytes: number;
}

const optionNames = [
  'authorizationServer',
  'assertion',
  'resource',
  'scope',
  'allowInsecureLoopback',
  'timeoutMs',
  'fetch',
  'clock',
] as const satisfies (keyof JwtBearerClientOptions)[];

const assertionOptionNames = [
  'issuer',
  'subject',
  'key',
  'lifetimeSeconds',
] as const satisfies (keyof AssertionOptions)[];

const defaultLifetimeSeconds = 60;
const defaultTimeoutMs = 10_000;
const maximumBytes = 512 * 1024;

/**
 * The options of a client, judged once.
 *
 * Throws: `SetupError`.
 */
export function settingsFrom(options: JwtBearerClientOptions): JwtBearerSettings {
  knownOptionsOnly(options, optionNames);
  knownOptionsOnly(options.assertion, assertionOptionNames, 'assertion');
  const { allowInsecureLoopback = false, assertion, timeoutMs = defaultTimeoutMs } = options;
  return {
    authorizationServer: issuerFrom(options.authorizationServer, allowInsecureLoopback),
    issuer: textFrom(assertion.issuer, 'assertion.issuer'),
    subject: textFrom(assertion.subject, 'assertion.subject'),
    key: keyFrom(assertion.key),
    lifetimeSeconds: wholeFrom(assertion.lifetimeSeconds ?? defaultLifetimeSeconds, {
      option: 'assertion.lifetimeSeconds',
      unit: 'seconds',
    }),
    resource: resourceFrom(options.resource, allowInsecureLoopback),
    scope: scopeFrom(options.scope),
    allowInsecureLoopback,
    timeoutMs: wholeFrom(timeoutMs, { option: 'timeoutMs', unit: 'milliseconds' }),
    maximumBytes,
  };
}

function issuerFrom(issuer: unknown, allowInsecureLoopback: boolean): string {
  if (typeof issuer === 'string' && isSecureUrl(issuer, { allowInsecureLoopback }) && !/[?#]/.test(issuer)) {
    return issuer;
  }
  throw new SetupError({
    option: 'authorizationServer',
    problem: 'it is not an https URL without query and fragment',
    remedy:
      "Give the issuer identifier, for instance 'https://as.example'; set allowInsecureLoopback: true for a server on this machine.",
  });
}

function resourceFrom(resource: unknown, allowInsecureLoopback: boolean): string {
  const refuse = (problem: string, remedy: string) => new SetupError({ option: 'resource', problem, remedy });
  if (typeof resource !== 'string' || !URL.canParse(resource) || resource.includes('#')) {
    throw refuse(
      'it is not an absolute URI without a fragment',
      "Give the identifier of the API, for instance 'https://api.example'.",
    );
  }
  if (/^http:/i.test(resource) && !isSecureUrl(resource, { allowInsecureLoopback })) {
    throw refuse(
      'the token would travel over plain http',
      'Use https, or set allowInsecureLoopback: true for a server on this machine.',
    );
  }
  return resource;
}

function scopeFrom(scope: unknown): readonly string[] | undefined {
  if (scope === undefined) return undefined;
  const scopes: readonly unknown[] = Array.isArray(scope)
    ? scope
    : typeof scope === 'string'
      ? scope.split(' ').filter((member) => member !== '')
      : [];
  const usable = scopes.filter(
    (member): member is string => typeof member === 'string' && isScopeToken(member),
  );
  if (usable.length > 0 && usable.length === scopes.length) return [...new Set(usable)];
  throw new SetupError({
    option: 'scope',
    problem: 'it names no scope, or something that cannot be one',
    remedy: "Give scopes such as ['orders:read'], or leave the option out.",
  });
}

function textFrom(text: unknown, option: string): string {
  if (typeof text === 'string' && text !== '') return text;
  throw new SetupError({
    option,
    problem: 'it is not a string with something in it',
    remedy: 'Give it as the authorization server has it in its trust policy.',
  });
}

function keyFrom(key: unknown): SigningKey {
  if ((typeof key === 'string' && key !== '') || (typeof key === 'object' && key !== null)) {
    return key as SigningKey;
  }
  throw new SetupError({
    option: 'assertion.key',
    problem: 'there is no key to sign with',
    remedy: 'Give a private JWK, PEM or KeyObject, or { alg, kid, sign } for a key that signs elsewhere.',
  });
}

function wholeFrom(value: number, { option, unit }: { option: string; unit: string }): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new SetupError({
    option,
    problem: `it is not a whole number of ${unit} above 0`,
    remedy: `Give a whole number of ${unit}, or leave the option out.`,
  });
}
