import { AssayError, isAssayError } from './assay-error.js';
import { isScopeToken } from './requirements/scope.js';

/** An answer to a request that was refused, ready to be sent. */
export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/** What a resource server says of itself in its challenges. */
export interface ChallengeSettings {
  readonly realm: string;
}

const defaultRetryAfterSeconds = 5;

/**
 * The answer to a failure: status, challenge and a small body with texts from the catalogue only.
 *
 * Anything but an `AssayError` is our own failure and a 500.
 *
 * Spec: RFC 6750 section 3; RFC 9470 section 3; RFC 9110 sections 10.2.3 and 11.6.1.
 */
export function answerTo(error: unknown, settings: ChallengeSettings): RefusalAnswer {
  const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
  const { status, error: code, description, fault } = known.failure;
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  if (fault !== 'service') headers['WWW-Authenticate'] = bearerChallenge(known, settings);
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

function bearerChallenge({ failure, requiredScopes, stepUp }: AssayError, { realm }: ChallengeSettings): string {
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['realm', realm],
    ['error', failure.error],
    ['error_description', failure.error === undefined ? undefined : failure.description],
    ['acr_values', spaceSeparated(stepUp?.acrValues)],
    ['max_age', maxAgeParameter(stepUp?.maxAgeSeconds)],
    ['scope', spaceSeparated(requiredScopes)],
  ];
  const written = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`],
  );
  return `Bearer ${written.join(', ')}`;
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
