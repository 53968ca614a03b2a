import { createHash } from 'node:crypto';
import type { Principal } from '../principal.js';

/**
 * To whom a session belongs: a digest of issuer, subject and client. A renewed token of the same principal has the same;
 * that of another user, or of the same user at another client, has not.
 *
 * Keep it with the session when it begins, and compare it on every request: a session identifier is no credential.
 *
 * Spec: RFC 8725 section 3.8.
 */
export function sessionOwnerOf({
  issuer,
  subject,
  clientId,
}: Pick<Principal, 'issuer' | 'subject' | 'clientId'>): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, subject, clientId]))
    .digest('base64url');
}
