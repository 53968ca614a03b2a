import { AssayError, type Reason } from '../assay-error.js';
import { isJsonObject } from '../encoding/strict-json.js';
import type { Claims } from '../evidence.js';

/** Where the status of a token stands: at an index of the list at a URI. */
export interface StatusReference {
  readonly uri: string;
  readonly index: number;
}

/**
 * The reference that a token makes to a status list; `undefined` only where it says nothing of its status at all. A
 * status by another mechanism alone, or one that cannot be read, is one that cannot be told.
 *
 * Error: `token.status-reference-invalid`.
 * Spec: draft-ietf-oauth-status-list sections 6.1, 6.2 and 8.3, step 1.
 */
export function statusReferenceOf(claims: Claims): StatusReference | undefined {
  if (!Object.hasOwn(claims, 'status')) return undefined;
  const { status } = claims;
  if (!isJsonObject(status)) throw refusal('status', 'malformed');
  const { status_list: list } = status;
  if (list === undefined) throw refusal('status', 'missing');
  if (!isJsonObject(list)) throw refusal('status_list', 'malformed');
  const { idx, uri } = list;
  if (typeof idx !== 'number' || !Number.isSafeInteger(idx) || idx < 0) {
    throw refusal('idx', idx === undefined ? 'missing' : 'malformed');
  }
  // A URI has a scheme (RFC 3986 section 3); which URIs are accepted is for the configuration to say.
  if (typeof uri !== 'string' || !/^[a-z][a-z0-9+.-]*:/i.test(uri)) {
    throw refusal('uri', uri === undefined ? 'missing' : 'malformed');
  }
  return { uri, index: idx };
}

function refusal(claim: string, reason: Reason): AssayError {
  return new AssayError('token.status-reference-invalid', { claim, reason });
}
