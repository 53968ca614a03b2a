import type { Algorithm } from './algorithms.js';
import type { KeySource } from './keys/key-source.js';
import type { Profile } from './profiles/profile.js';
import type { Expected } from './rules/rule.js';

/** An issuer that the configuration names, with everything that is settled about its tokens. */
export interface TrustedIssuer {
  readonly identifier: string;
  readonly algorithms: ReadonlySet<Algorithm>;
  readonly keySource: KeySource;
  /** The profile of this issuer's tokens at a moment, where it is not the one of the verifier. Units: seconds. */
  readonly profileAt?: ((nowSeconds: number) => Profile<'access-token'>) | undefined;
  /** Whether a rule is relaxed for this issuer, so that no hint is due. */
  readonly hasCompatibility?: boolean;
  /** What is expected of this issuer's tokens, but for the time. */
  readonly expectations: Omit<Expected, 'issuer' | 'nowSeconds'>;
}

/** The trusted issuers, by their exact identifier. */
export interface TrustedIssuers {
  /** The issuer with this identifier, if it is trusted. Never fetches on account of the question. */
  readonly get: (identifier: string) => TrustedIssuer | undefined | Promise<TrustedIssuer | undefined>;
  /** The issuers that the configuration names. */
  readonly values: () => Iterable<TrustedIssuer>;
}
