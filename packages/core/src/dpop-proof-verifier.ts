import {
  appraisal,
  failedLine,
  lineOf,
  lineOfRule,
  type Appraisal,
  type AppraisalLine,
} from './appraisal.js';
import { isAssayError, type AssayError } from './assay-error.js';
import { normalisedUri } from './binding/normalised-uri.js';
import type { ProofPolicy } from './binding/proof-policy.js';
import {
  accessTokenHashOf,
  expectedOfProof,
  statementOf,
  verifyDpopProof,
  verifyProofSignature,
  type DpopProof,
} from './binding/verify-dpop-proof.js';
import { systemClock, type Clock } from './clock.js';
import type { FailureCode } from './failures.js';
import { dpopProof } from './profiles/dpop-proof.js';
import type { ProofExpectation } from './rules/rule.js';
import { proofPolicyFrom, type DpopProofOptions } from './settings/dpop-options.js';
import { knownOptionsOnly } from './settings/options.js';

/** The options of a verifier of DPoP proofs. */
export interface DpopProofVerifierOptions extends DpopProofOptions {
  /** The clock difference that is forgiven. Units: seconds, 0 to 300. Default 10. */
  readonly leewaySeconds?: number;
  readonly clock?: Clock;
}

/** The request that a proof has to be for. */
export interface ProofContext {
  readonly method: string;
  /** The whole URL, as the outside knows it. Query and fragment play no part. */
  readonly url: string;
  /** The access token that comes with the proof. Default: none does, and `ath` plays no part. */
  readonly accessToken?: string;
  /** Whether a nonce is a recent one of this server. Default: none is demanded. */
  readonly acceptsNonce?: (nonce: string) => boolean;
}

/** Verifies DPoP proofs, without HTTP. */
export interface DpopProofVerifier {
  /**
   * The proof, once it is signed by the key that it brings and every rule of its profile holds. Its `thumbprint` is what
   * `cnf.jkt` has to be.
   *
   * Error: throws `AssayError`, `proof.*`.
   */
  readonly verify: (jwt: string, context: ProofContext) => Promise<DpopProof>;
  /** Every step and rule with its verdict, for people to read. Never throws on a bad proof. */
  readonly appraise: (jwt: string, context: ProofContext) => Promise<Appraisal>;
}

/**
 * A verifier of DPoP proofs, without HTTP. Remembers nothing: that a proof is used once, and that its key is the one of the
 * access token, is for its caller to see to, as a resource server does.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9449 section 4.3.
 */
export function createDpopProofVerifier(options: DpopProofVerifierOptions = {}): DpopProofVerifier {
  knownOptionsOnly(options, [
    'algorithms',
    'proofLifetimeSeconds',
    'leewaySeconds',
    'clock',
  ] satisfies (keyof DpopProofVerifierOptions)[]);
  const { leewaySeconds, clock = systemClock } = options;
  const policy = proofPolicyFrom(options, { leewaySeconds, clock });
  return {
    // Both answer later, as every other verifier does.
    verify: (jwt, context) =>
      Promise.resolve().then(() => verifyDpopProof(jwt, policy, expectationOf(context))),
    appraise: (jwt, context) =>
      Promise.resolve().then(() => appraiseProof(jwt, policy, expectationOf(context))),
  };
}

function expectationOf({ method, url, accessToken, acceptsNonce }: ProofContext): ProofExpectation {
  return {
    method,
    uri: normalisedUri(url),
    accessTokenHash: accessToken === undefined ? undefined : accessTokenHashOf(accessToken),
    acceptsNonce,
  };
}

/** A step before the rules, and the failure that it ends in. */
interface ProofStep {
  readonly guarantees: string;
  readonly spec: string;
  readonly code: FailureCode;
}

const steps: readonly ProofStep[] = [
  {
    guarantees: 'the proof is a well-formed compact JWS',
    spec: 'RFC 9449 section 4.3, check 2',
    code: 'proof.malformed',
  },
  { guarantees: 'alg is allowed', spec: 'RFC 9449 section 4.3, check 5', code: 'proof.algorithm-refused' },
  {
    guarantees: 'jwk is a public key that fits alg',
    spec: 'RFC 9449 section 4.3, check 7',
    code: 'proof.key-refused',
  },
  {
    guarantees: 'the signature is by that key',
    spec: 'RFC 9449 section 4.3, check 6',
    code: 'proof.signature-invalid',
  },
];

function appraiseProof(jwt: string, policy: ProofPolicy, request: ProofExpectation): Appraisal {
  const { name, rules } = dpopProof;
  try {
    const proof = verifyProofSignature(jwt, policy);
    const expected = expectedOfProof(policy, request);
    const judged = rules.map((rule) => lineOfRule(rule, statementOf(proof), expected));
    return appraisal(name, [...steps.map((step) => lineOf(step, 'satisfied')), ...judged]);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const unreached = rules.map((rule) => lineOf(rule, 'not reached'));
    return appraisal(name, [...stepsUntil(error), ...unreached]);
  }
}

function stepsUntil(error: AssayError): readonly AppraisalLine[] {
  const failedAt = steps.findIndex(({ code }) => code === error.code);
  return steps.map((step, index) =>
    index === failedAt
      ? failedLine(step, error)
      : lineOf(step, index < failedAt ? 'satisfied' : 'not reached'),
  );
}
