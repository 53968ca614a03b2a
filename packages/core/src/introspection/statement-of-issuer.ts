import {
  reached,
  type Claims,
  type JoseHeader,
  type PresentedToken,
  type VerifiedToken,
} from '../evidence.js';
import { digestOfToken, fingerprintFrom } from '../steps/token-digest.js';

/** There is no signature on an opaque token: its issuer vouches for it in person. */
const noHeader: JoseHeader = Object.freeze({ alg: '' });

/**
 * What the issuer says of an active opaque token, as evidence of the same stage as a JWT whose signature was verified.
 *
 * An answer without `iss` is its own. One without `sub` is about the client, where the configuration says so and the answer
 * names no user either. What the answer does say stays as it is, right or wrong.
 *
 * Spec: RFC 7662 section 2.2.
 */
export function statementOfIssuer(
  token: PresentedToken,
  members: Claims,
  { issuer, missingSubject }: { readonly issuer: string; readonly missingSubject: 'refused' | 'client' },
): VerifiedToken {
  const isOfClient = missingSubject === 'client' && members['username'] === undefined;
  const subject = isOfClient ? { sub: members['client_id'] } : {};
  const claims: Claims = { iss: issuer, ...subject, ...members };
  const fingerprint = fingerprintFrom(digestOfToken(token));
  return reached<VerifiedToken>({ header: noHeader, claims, issuer, fingerprint });
}
