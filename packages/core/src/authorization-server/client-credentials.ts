import { AssayError } from '../assay-error.js';
import type { FormParameters } from './form-parameters.js';
import type { FormRequestView } from './form-request.js';

const credentialParameters = ['client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * The request brings no client credentials. Client authentication is not supported yet, and credentials that cannot
 * be checked must not count as good.
 *
 * Error: `client.credentials-refused`.
 * Spec: RFC 7523 section 3.1; RFC 6749 section 5.2.
 */
export function refuseClientCredentials(request: FormRequestView, form: FormParameters): void {
  if (usesAuthorizationHeader(request) || credentialParameters.some((name) => form.get(name) !== undefined)) {
    throw new AssayError('client.credentials-refused');
  }
}

/** Whether the client tried to authenticate by the `Authorization` header, so that a refusal owes it a challenge. */
export function usesAuthorizationHeader({ headers }: Pick<FormRequestView, 'headers'>): boolean {
  return (headers['authorization'] ?? []).length > 0;
}
