import { appraiseToken, type Appraisal } from './appraisal.js';
import type { BoundToken, PresentedToken } from './evidence.js';
import { verifyToken, type VerificationContext, type VerifierParts } from './verify-token.js';

/** Verifies JWTs of one profile. All verifiers have this shape. */
export interface Verifier<Kind extends string = string> {
  /**
   * The token, once its signature and every rule of the profile hold.
   *
   * Error: throws `AssayError`, `token.*` for bad evidence and `service.*` when it could not be judged.
   */
  readonly verify: (jwt: string, context?: VerificationContext) => Promise<BoundToken<Kind>>;
  /** Every step and rule with its verdict, for people to read. Never throws on bad evidence. */
  readonly appraise: (jwt: string, context?: VerificationContext) => Promise<Appraisal>;
  /** Loads the keys of every issuer. */
  readonly ready: () => Promise<void>;
}

/** The verifier of one profile, from parts that have been judged already. */
export function createVerifier<Kind extends string>(parts: VerifierParts<Kind>): Verifier<Kind> {
  return {
    verify: (jwt, context) => verifyToken(jwt as PresentedToken, parts, context),
    appraise: (jwt, context) => appraiseToken(jwt as PresentedToken, parts, context),
    ready: async () => {
      const sources = [...parts.issuers.values()].flatMap(({ keySource, statusList }) =>
        statusList === undefined ? [keySource] : [keySource, statusList.signer.keySource],
      );
      await Promise.all(sources.map((source) => source.ready()));
    },
  };
}
