import { createHash } from 'node:crypto';
import { publicMembersOf } from './public-members.js';

/**
 * The SHA-256 thumbprint of a public or private JWK, base64url; `undefined` where the kind of key is not supported or
 * a required member is missing or malformed.
 *
 * Only the required members count, in code-point order and without white space, so that the same key has the same
 * thumbprint whatever else is said of it.
 *
 * Spec: RFC 7638 section 3; RFC 8037 section 2.
 */
export function jwkThumbprint(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const required = publicMembersOf(jwk);
  if (required === undefined) return undefined;
  const ordered = Object.entries(required).sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(ordered)))
    .digest('base64url');
}
