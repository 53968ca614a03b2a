import { AssayError, isAssayError } from './assay-error.js';
import { isScopeToken } from './requirements/scope.js';
import type { TokenScheme } from './steps/extract-token.js';

/** An answer to a request that was refused, ready to be sent. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/** What a resource server says of itself in its challenges. */
export interface ChallengeSettings {
  readonly realm: string;
  /** The schemes that are offered to those who have used neither. Default: Bearer. */
  readonly schemes?: readonly TokenScheme[];
  /** What the DPoP challenge says. */
  readonly dpop?: DpopChallengeSettings;
  /** The URL of the metadata of what was asked for, where it is published (RFC 9728 section 5.1). */
  readonly resourceMetadata?: string | undefined;
}

/** What a DPoP challenge says (RFC 9449 sections 7.1 and 9). */
export interface DpopChallengeSettings {
  readonly algorithms: readonly string[];
  /** A new nonce, where proofs need one. */
  readonly freshNonce?: (() => string) | undefined;
}

const defaultRetryAfterSeconds = 5;

/**
 * The answer to a failure: status, challenge and a small body with texts from the catalogue only.
 *
 * The schemes that the request has used are challenged, those that are offered, and those that would have done; the error
 * stands with the first.
 * Anything but an `AssayError` is our own failure and a 500.
 *
 * Spec: RFC 6750 section 3; RFC 9470 section 3; RFC 9449 sections 7.1, 7.2 and 9; RFC 9728 section 5.1; RFC 9110 sections
 * 10.2.3 and 11.6.1.
 */
export function answerTo(
  error: unknown,
  settings: ChallengeSettings,
  used: readonly TokenScheme[] = [],
): RefusalAnswer {
  const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
  const { status, error: code, description, fault } = known.failure;
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  if (fault !== 'service') headers['WWW-Authenticate'] = challenges(known, settings, used);
  if (code === 'use_dpop_nonce') headers['DPoP-Nonce'] = settings.dpop?.freshNonce?.() ?? '';
  if (status === 503) headers['Retry-After'] = String(known.retryAfterSeconds ?? defaultRetryAfterSeconds);
  return {
    status,
    headers,
    body:
      code === undefined
        ? { error_description: description }
        : { error: code, error_description: description },
  };
}

function challenges(error: AssayError, settings: ChallengeSettings, used: readonly TokenScheme[]): string {
  const schemes = schemesChallenged(error, settings, used);
  const blamed = schemes.filter((scheme) => used.includes(scheme));
  return schemes
    .map((scheme) => {
      const carriesError = blamed.length === 0 || blamed.includes(scheme);
      const parameters = [
        ...aboutServer(scheme, settings),
        ...(carriesError && error.failure.error !== undefined ? aboutError(error) : []),
      ];
      return `${scheme} ${parameters.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')}`;
    })
    .join(', ');
}

/** Bearer first: simple clients look no farther. */
function schemesChallenged(
  { acceptableSchemes = [] }: AssayError,
  { schemes: offered }: ChallengeSettings,
  used: readonly TokenScheme[],
): readonly TokenScheme[] {
  const usual = offered ?? (used.length > 0 ? used : ['Bearer']);
  const challenged = new Set([...usual, ...used, ...acceptableSchemes]);
  return (['Bearer', 'DPoP'] as const).filter((scheme) => challenged.has(scheme));
}

type Parameter = readonly [name: string, value: string];

function aboutServer(
  scheme: TokenScheme,
  { realm, dpop, resourceMetadata }: ChallengeSettings,
): readonly Parameter[] {
  return [
    ['realm', realm],
    ...(resourceMetadata === undefined ? [] : [['resource_metadata', resourceMetadata] as const]),
    ...(scheme === 'DPoP' ? [['algs', (dpop?.algorithms ?? []).join(' ')] as const] : []),
  ];
}

function aboutError({ failure, requiredScopes, stepUp }: AssayError): readonly Parameter[] {
  const parameters: readonly (readonly [name: string, value: string | undefined])[] = [
    ['error', failure.error],
    ['error_description', failure.description],
    ['acr_values', spaceSeparated(stepUp?.acrValues)],
    ['max_age', maxAgeParameter(stepUp?.maxAgeSeconds)],
    ['scope', spaceSeparated(requiredScopes)],
  ];
  return parameters.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

// Any code may make an AssayError, and a text with a quote or a line break in it could end the header.
function spaceSeparated(words: readonly string[] = []): string | undefined {
  const writable = words.filter(isScopeToken);
  return writable.length === 0 ? undefined : writable.join(' ');
}

/** A non-negative integer (RFC 9470 section 3), or nothing. */
function maxAgeParameter(seconds: number | undefined): string | undefined {
  return Number.isSafeInteger(seconds) && Number(seconds) >= 0 ? String(seconds) : undefined;
}

/** A quoted-string (RFC 9110 section 5.6.4) of a text that `isQuotable`. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Whether a configured value may stand in a challenge: printable ASCII, so that nothing can end the header. */
export function isQuotable(text: unknown): text is string {
  return typeof text === 'string' && /^[\x20-\x7e]+$/.test(text);
}
