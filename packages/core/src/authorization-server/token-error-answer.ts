import { AssayError, isAssayError } from '../assay-error.js';
import type { RefusalAnswer } from '../challenge.js';
import { failures, type Failure } from '../failures.js';
import { SetupError } from '../setup-error.js';
import { usesAuthorizationHeader } from './uses-authorization-header.js';
import type { FormRequestView } from './form-request.js';

const defaultRetryAfterSeconds = 5;

/**
 * The answer of the token endpoint to a failure, with texts from the catalogue only.
 *
 * Whatever is wrong with a grant has one answer, so that it tells nobody which issuers are trusted. Anything but an
 * `AssayError` is our own failure and a 500. A client that fails to authenticate is told 401 where it used the header,
 * and `clientErrorStatus` otherwise; every 401 comes with a challenge, as HTTP has it.
 *
 * Spec: RFC 6749 section 5.2; RFC 7523 sections 3.1 and 3.2.
 */
export function tokenErrorAnswer(
  error: unknown,
  { issuer, request, clientErrorStatus = 400 }: TokenErrorSurroundings,
): RefusalAnswer {
  const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
  const failure = tokenEndpointFailure(known.failure);
  const headers: Record<string, string> = { ...uncacheable };
  let { status } = failure;
  if (failure.error === 'invalid_client') {
    status = request !== undefined && usesAuthorizationHeader(request) ? 401 : clientErrorStatus;
  }
  if (status === 401) {
    headers['WWW-Authenticate'] = `Basic realm="${new URL(issuer).origin}"`;
  }
  if (status === 405) headers['Allow'] = 'POST';
  if (status === 503) headers['Retry-After'] = String(known.retryAfterSeconds ?? defaultRetryAfterSeconds);
  const { error: code = 'invalid_request', description } = failure;
  return { status, headers, body: { error: code, error_description: description } };
}

/** What an answer depends on beside the failure. */
export interface TokenErrorSurroundings {
  readonly issuer: string;
  readonly request: Pick<FormRequestView, 'headers'> | undefined;
  /** The status of `invalid_client` where no header was used. Default 400. */
  readonly clientErrorStatus?: ClientErrorStatus;
}

/** What RFC 6749 section 5.2 leaves open for `invalid_client`. */
export type ClientErrorStatus = 400 | 401;

/**
 * The `clientErrorStatus` option; 400 where nothing is said.
 *
 * Throws: `SetupError`.
 */
export function clientErrorStatusFrom(given: unknown): ClientErrorStatus {
  if (given === undefined) return 400;
  if (given === 400 || given === 401) return given;
  throw new SetupError({
    option: 'clientErrorStatus',
    problem: 'it is neither 400 nor 401',
    remedy: 'Give 401 for clients that expect it, or leave it at 400.',
  });
}

/** What forbids caching, on every answer of the token endpoint (RFC 6749 section 5.1). */
export const uncacheable = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** Bad evidence is a bad grant here, whatever it is at a resource server. */
function tokenEndpointFailure(failure: Failure): Failure {
  return failure.fault === 'token' ? failures['grant.refused'] : failure;
}
