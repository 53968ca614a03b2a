import type { FormRequestView } from './form-request.js';

/** Whether the client tried to authenticate by the `Authorization` header, so that a refusal owes it a challenge. */
export function usesAuthorizationHeader({ headers }: Pick<FormRequestView, 'headers'>): boolean {
  return (headers['authorization'] ?? []).length > 0;
}
