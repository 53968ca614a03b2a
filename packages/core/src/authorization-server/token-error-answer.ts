import { AssayError, isAssayError } from '../assay-error.js';
import type { RefusalAnswer } from '../challenge.js';
import { failures, type Failure } from '../failures.js';
import { usesAuthorizationHeader } from './uses-authorization-header.js';
import type { FormRequestView } from './form-request.js';

const defaultRetryAfterSeconds = 5;

/**
 * The answer of the token endpoint to a failure, with texts from the catalogue only.
 *
 * Whatever is wrong with a grant has one answer, so that it tells nobody which issuers are trusted. Anything but an
 * `AssayError` is our own failure and a 500.
 *
 * Spec: RFC 6749 section 5.2; RFC 7523 sections 3.1 and 3.2.
 */
export function tokenErrorAnswer(
  error: unknown,
  { issuer, request }: { issuer: string; request: Pick<FormRequestView, 'headers'> | undefined },
): RefusalAnswer {
  const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
  const failure = tokenEndpointFailure(known.failure);
  const headers: Record<string, string> = { ...uncacheable };
  let { status } = failure;
  if (failure.error === 'invalid_client' && request !== undefined && usesAuthorizationHeader(request)) {
    status = 401;
    headers['WWW-Authenticate'] = `Basic realm="${new URL(issuer).origin}"`;
  }
  if (status === 405) headers['Allow'] = 'POST';
  if (status === 503) headers['Retry-After'] = String(known.retryAfterSeconds ?? defaultRetryAfterSeconds);
  const { error: code = 'invalid_request', description } = failure;
  return { status, headers, body: { error: code, error_description: description } };
}

/** What forbids caching, on every answer of the token endpoint (RFC 6749 section 5.1). */
export const uncacheable = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

/** Bad evidence is a bad grant here, whatever it is at a resource server. */
function tokenEndpointFailure(failure: Failure): Failure {
  return failure.fault === 'token' ? failures['grant.refused'] : failure;
}
