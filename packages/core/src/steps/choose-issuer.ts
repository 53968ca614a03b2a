import { AssayError } from '../assay-error.js';
import type { UnverifiedToken } from '../evidence.js';
import type { TrustedIssuer, TrustedIssuers } from '../trusted-issuer.js';

/**
 * The trusted issuer that the token names. The unverified `iss` is an index into what is trusted and nothing else: it
 * builds no URL and causes no request.
 *
 * Error: `token.issuer-unknown`, `service.issuers-unavailable`.
 * Spec: RFC 9068 section 4; RFC 8725 sections 3.8 and 3.10.
 */
export function chooseIssuer(
  { unverifiedClaims: { iss } }: UnverifiedToken,
  issuers: TrustedIssuers,
): TrustedIssuer | Promise<TrustedIssuer> {
  if (iss === undefined) throw unknownIssuer('missing');
  if (typeof iss !== 'string') throw unknownIssuer('malformed');
  const issuer = issuers.get(iss);
  return issuer instanceof Promise ? issuer.then(requireTrusted) : requireTrusted(issuer);
}

function requireTrusted(issuer: TrustedIssuer | undefined): TrustedIssuer {
  if (issuer === undefined) throw unknownIssuer('mismatch');
  return issuer;
}

function unknownIssuer(reason: 'missing' | 'malformed' | 'mismatch'): AssayError {
  return new AssayError('token.issuer-unknown', { claim: 'iss', reason });
}
