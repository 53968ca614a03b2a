/** What identifies a token to those who may have revoked it. What the token does not say is absent. */
export interface RevocationQuery {
  readonly issuer: string;
  /** `jti`. */
  readonly tokenId?: string | undefined;
  /** `sub`. */
  readonly subject?: string | undefined;
  /** `sid`, the session in which the token was issued. */
  readonly sessionId?: string | undefined;
  readonly clientId?: string | undefined;
  /** `iat`. Units: seconds since the epoch. */
  readonly issuedAt?: number | undefined;
}

/** Which tokens of an issuer are revoked: those with one identifier, or all of them. */
export interface Revocation {
  readonly issuer: string;
  readonly tokenId?: string | undefined;
  readonly subject?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly clientId?: string | undefined;
  /**
   * Of those, only the tokens that were issued before this instant; one that does not say when it was issued is among
   * them. Units: seconds since the epoch. Default: all of them, also those that are issued later.
   */
  readonly issuedBefore?: number | undefined;
  /**
   * When the last of those tokens expires. The revocation is kept for 300 seconds longer, the largest leeway there is.
   * Units: seconds since the epoch. Default: kept for good.
   */
  readonly expiresAt?: number | undefined;
}

/** Knows which tokens were revoked before they expire. */
export interface RevocationStore {
  /**
   * Whether a revocation concerns such a token. Only `false` lets a token pass, and a store that cannot tell rejects.
   * Identifiers of two issuers, and identifiers of two kinds, never meet.
   */
  readonly isRevoked: (token: RevocationQuery) => Promise<boolean>;
  /**
   * Tells a listener of every revocation from now on, and returns what ends that. For connections that stay open.
   * A store that has no such thing is asked again instead.
   */
  readonly subscribe?: ((listener: (revocation: Revocation) => void) => () => void) | undefined;
}

/** A store into which this side writes. */
export interface WritableRevocationStore extends RevocationStore {
  /**
   * Revokes tokens: with exactly one of the four identifiers, or with `issuedBefore` alone. Once it resolves,
   * `isRevoked` says so. Of two revocations with the same identifier the wider one counts.
   *
   * Error: rejects when it is not one of these, or when there is no room: nothing that is live is ever forgotten.
   */
  readonly revoke: (revocation: Revocation) => Promise<void>;
}

/** How much longer than its tokens live a revocation is kept: the largest leeway. Units: seconds. */
export const revocationGraceSeconds = 300;
