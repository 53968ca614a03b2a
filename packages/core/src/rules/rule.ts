import type { Reason } from '../assay-error.js';
import type { SignedStatement } from '../evidence.js';
import type { FailureCode } from '../failures.js';

/** What the receiver of a token expects of it. */
export interface Expected {
  /** The issuer whose key verified the signature. */
  readonly issuer: string;
  /** The identifiers of this receiver; one of them is enough. */
  readonly audiences: readonly string[];
  /** Units: seconds since the epoch, fractions allowed. */
  readonly nowSeconds: number;
  /** The clock difference that is forgiven. Units: seconds. */
  readonly leewaySeconds: number;
  /** How long after `iat` a token is accepted at all. Units: seconds. */
  readonly maximumAgeSeconds?: number | undefined;
  /** How far ahead `exp` may lie. Units: seconds. */
  readonly maximumLifetimeSeconds?: number | undefined;
  /** Whether the token may be used only once, and so needs an identifier. */
  readonly singleUse?: boolean | undefined;
  /** Whether a subject is accepted. */
  readonly acceptsSubject?: ((subject: string) => boolean) | undefined;
  /** For proofs: the request that the proof has to be for. */
  readonly proof?: ProofExpectation | undefined;
}

/** The request that a DPoP proof has to be for (RFC 9449 section 4.3). */
export interface ProofExpectation {
  readonly method: string;
  /** Normalised, without query. `undefined` where it is not known: then no proof is good. */
  readonly uri: string | undefined;
  /** The digest of the access token that the proof comes with; `undefined` where it comes with none. */
  readonly accessTokenHash?: string | undefined;
  /** Whether a nonce is a recent one of ours; `undefined` where none is demanded. */
  readonly acceptsNonce?: ((nonce: string) => boolean) | undefined;
}

/** A rule's refusal: the code, how the evidence failed, and the claim or header parameter concerned. */
export interface Finding {
  readonly code: FailureCode;
  readonly reason: Reason;
  readonly claim: string;
}

/** What a rule answers: nothing to object to, or a finding. */
export type Verdict = Finding | undefined;

/** The verdict of a rule that has nothing to object to. */
export const satisfied: Verdict = undefined;

/** The verdict of a rule that objects. */
export function reject(code: FailureCode, reason: Reason, claim: string): Finding {
  return { code, reason, claim };
}

/**
 * One check of a verified token, named by what is true when it is satisfied. Pure: it does not throw, log, fetch or
 * read the clock.
 */
export interface Rule {
  /** What is true when the rule is satisfied, as a short sentence for people. */
  readonly guarantees: string;
  /** Where the rule comes from. */
  readonly spec: string;
  readonly check: (token: SignedStatement, expected: Expected) => Verdict;
}
