import type { CertificateSource } from './client-certificate.js';
import type { DpopNonces } from './dpop-nonces.js';
import type { ProofPolicy } from './proof-policy.js';
import type { PublicAddress } from './target-uri.js';

/** How the sender of a token can prove the key that it is bound to: with a DPoP proof, or in the TLS handshake. */
export type SenderConstraint = 'dpop' | 'mtls';

/** What a resource server asks of the senders of tokens. */
export interface SenderPolicy extends ProofPolicy {
  /** Which constraint every token must have. `undefined`: tokens without one are accepted. */
  readonly required: SenderConstraint | 'any' | undefined;
  /** Whether challenges offer DPoP to those who have not used it. */
  readonly offersDpop: boolean;
  /** Whether the address that proofs have to name can be known at all. Where not, DPoP-bound tokens are refused. */
  readonly isAddressKnown: boolean;
  /** Accepts a token whose confirmation names no known method, as if it had none. */
  readonly acceptsUnknownConfirmation: boolean;
  /** `undefined`: proofs need none. */
  readonly nonces: DpopNonces | undefined;
  readonly address: PublicAddress;
  readonly certificate: CertificateSource;
}
