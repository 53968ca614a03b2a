import type { Claims } from '../evidence.js';
import { isJsonObject } from '../encoding/strict-json.js';

/** The keys that a token is bound to, by the methods that we can check. Both may be there; then both count. */
export interface Confirmation {
  /** The thumbprint of the key that has to make a DPoP proof (RFC 9449 section 6.1). */
  readonly jkt?: string;
  /** The thumbprint of the certificate that has to be presented (RFC 8705 section 3.1). */
  readonly 'x5t#S256'?: string;
}

/** What `cnf` says: nothing, keys that can be checked, or something that cannot. */
export type ConfirmationReading =
  | { readonly kind: 'unbound' }
  | { readonly kind: 'bound'; readonly to: Confirmation }
  | { readonly kind: 'unknown method' }
  | { readonly kind: 'malformed' };

// SHA-256 in base64url without padding.
const thumbprint = /^[A-Za-z0-9_-]{43}$/;

/**
 * The confirmation of a token. A malformed one is never taken for none; members beside a known method do no harm.
 *
 * Spec: RFC 7800 section 3.1; RFC 9449 section 6.1; RFC 8705 section 3.1.
 */
export function confirmationOf({ cnf }: Claims): ConfirmationReading {
  if (cnf === undefined) return { kind: 'unbound' };
  if (!isJsonObject(cnf)) return { kind: 'malformed' };
  const { jkt, 'x5t#S256': x5tS256 } = cnf;
  if (jkt === undefined && x5tS256 === undefined) return { kind: 'unknown method' };
  if (!isThumbprintIfPresent(jkt) || !isThumbprintIfPresent(x5tS256)) return { kind: 'malformed' };
  return {
    kind: 'bound',
    to: {
      ...(jkt === undefined ? {} : { jkt }),
      ...(x5tS256 === undefined ? {} : { 'x5t#S256': x5tS256 }),
    },
  };
}

function isThumbprintIfPresent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && thumbprint.test(value));
}
