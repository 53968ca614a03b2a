import type { KeyObject } from 'node:crypto';
import type { Algorithm } from './algorithms.js';
import type { KeySource } from './keys/key-source.js';
import type { MacAlgorithm } from './mac-algorithms.js';
import type { Profile } from './profiles/profile.js';
import type { Expected } from './rules/rule.js';
import type { StatusIssuer } from './standing/status-issuer.js';

/** A secret that verifies tokens, and by which MACs. */
export interface SharedSecret {
  readonly key: KeyObject;
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<MacAlgorithm>;
}

/** An issuer that the configuration names, with everything that is settled about its tokens. */
export interface TrustedIssuer {
  readonly identifier: string;
  /** The signature algorithms that the issuer may use; none where it has a shared secret. */
  readonly algorithms: ReadonlySet<Algorithm>;
  /** What verifies this issuer's tokens instead of any key. */
  readonly sharedSecret?: SharedSecret | undefined;
  readonly keySource: KeySource;
  /** The profile of this issuer's tokens at a moment, where it is not the one of the verifier. Units: seconds. */
  readonly profileAt?: ((nowSeconds: number) => Profile) | undefined;
  /** Whether a rule is relaxed for this issuer, so that no hint is due. */
  readonly hasCompatibility?: boolean;
  /** Where the statuses of this issuer's tokens stand, where they are looked up. */
  readonly statusList?: StatusIssuer | undefined;
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
