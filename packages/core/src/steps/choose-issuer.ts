import { AssayError } from '../assay-error.js';
import type { UnverifiedToken } from '../evidence.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';

/**
 * The configured issuer that the token names. The unverified `iss` is an index into the configuration and nothing
 * else: it builds no URL and causes no request.
 *
 * Error: `token.issuer-unknown`.
 * Spec: RFC 9068 section 4; RFC 8725 sections 3.8 and 3.10.
 */
export function chooseIssuer(
  { unverifiedClaims: { iss } }: UnverifiedToken,
  issuers: TrustedIssuers,
): TrustedIssuer {
  const refuse = (reason: 'missing' | 'malformed' | 'mismatch') =>
    new AssayError('token.issuer-unknown', { claim: 'iss', reason });
  if (iss === undefined) throw refuse('missing');
  if (typeof iss !== 'string') throw refuse('malformed');
  const issuer = issuers.get(iss);
  if (issuer === undefined) throw refuse('mismatch');
  return issuer;
}
