import { AssayError } from '../assay-error.js';
import { reached, type AcceptedToken, type BoundToken } from '../evidence.js';
import type { FailureCode } from '../failures.js';
import type { RequestView } from '../request-view.js';
import type { PresentedCredentials, TokenScheme } from '../steps/extract-token.js';
import { certificateThumbprintOf } from './client-certificate.js';
import { confirmationOf, type Confirmation } from './confirmation.js';
import type { NonceVerdict } from './dpop-nonces.js';
import type { SenderPolicy } from './sender-policy.js';
import { targetUriOf } from './target-uri.js';
import { accessTokenHashOf, verifyDpopProof, type DpopProof } from './verify-dpop-proof.js';

/** A token whose sender has proven every key that it is bound to. */
export interface CheckedSender<Kind extends string> {
  readonly bound: BoundToken<Kind>;
  /** To be used up, once nothing else can refuse the request. */
  readonly proof: DpopProof | undefined;
  /** What became of the proof's nonce. */
  readonly nonce: NonceVerdict | undefined;
}

/**
 * The token, once its sender has proven every key that `cnf` names: a copy of it is worth nothing.
 *
 * A bound token under the Bearer scheme is refused, whatever comes with it, and so is an unbound one under DPoP.
 *
 * Error: `token.confirmation-*`, `token.proof-required`, `token.certificate-required`, `proof.*`.
 * Spec: RFC 9449 sections 4.3, 7.1 and 7.2; RFC 8705 section 3; RFC 7800 section 3.1.
 */
export function checkSender<Kind extends string>(
  token: AcceptedToken<Kind>,
  presented: PresentedCredentials,
  request: RequestView,
  policy: SenderPolicy,
): CheckedSender<Kind> {
  const to = confirmationDemanded(token, policy);
  const { jkt, 'x5t#S256': x5tS256 } = to;
  requireConstraint(to, policy);
  if (x5tS256 !== undefined) requireCertificate(x5tS256, request, policy);
  const bound = reached<BoundToken<Kind>>(token);
  if (jkt === undefined) {
    if (presented.scheme === 'DPoP') throw refusal('token.confirmation-missing', 'missing');
    return { bound, proof: undefined, nonce: undefined };
  }
  // Whoever holds a bound token has to hear how it is used, also where nobody offers DPoP.
  if (presented.scheme !== 'DPoP') throw refusal('token.proof-required', 'mismatch', ['DPoP']);
  return { bound, ...proofOfKey(jkt, presented, request, policy) };
}

function confirmationDemanded({ claims }: AcceptedToken, policy: SenderPolicy): Confirmation {
  const reading = confirmationOf(claims);
  switch (reading.kind) {
    case 'unbound':
      return {};
    case 'bound':
      return reading.to;
    case 'unknown method':
      if (policy.acceptsUnknownConfirmation) return {};
      throw refusal('token.confirmation-unverifiable', 'mismatch');
    case 'malformed':
      throw refusal('token.confirmation-unverifiable', 'malformed');
  }
}

function requireConstraint(to: Confirmation, { required }: SenderPolicy): void {
  const has = { dpop: to.jkt !== undefined, mtls: to['x5t#S256'] !== undefined };
  const isMet = required === undefined || (required === 'any' ? has.dpop || has.mtls : has[required]);
  if (!isMet) throw refusal('token.confirmation-missing', 'missing');
}

function requireCertificate(thumbprint: string, request: RequestView, { certificate }: SenderPolicy): void {
  const presented = certificateThumbprintOf(request, certificate);
  if (presented === undefined) throw refusal('token.certificate-required', 'missing');
  if (presented !== thumbprint) throw refusal('token.confirmation-mismatch', 'mismatch');
}

function proofOfKey(
  jkt: string,
  { token }: PresentedCredentials,
  request: RequestView,
  policy: SenderPolicy,
): { readonly proof: DpopProof; readonly nonce: NonceVerdict | undefined } {
  const { nonces, address } = policy;
  let nonce: NonceVerdict | undefined;
  const proof = verifyDpopProof(proofIn(request), policy, {
    method: request.method,
    uri: targetUriOf(request, address),
    accessTokenHash: accessTokenHashOf(token),
    acceptsNonce: nonces && ((value) => (nonce = nonces.judge(value)) !== 'refused'),
  });
  if (proof.thumbprint !== jkt) throw refusal('token.confirmation-mismatch', 'mismatch');
  return { proof, nonce };
}

/** The one proof of a request. Node joins repeated lines with a comma, which no proof contains. */
function proofIn({ headers: { dpop: lines = [] } }: RequestView): string {
  const [proof] = lines;
  if (proof === undefined) throw new AssayError('proof.missing');
  if (lines.length > 1 || proof.includes(',')) throw new AssayError('proof.repeated');
  return proof;
}

function refusal(
  code: FailureCode,
  reason: AssayError['reason'],
  acceptableSchemes?: readonly TokenScheme[],
): AssayError {
  return new AssayError(code, { claim: 'cnf', reason, acceptableSchemes });
}
