import type { Principal } from '../principal.js';

/**
 * What identifies an accepted access token to those who may have withdrawn it; a principal does. Never the token
 * itself. What an issuer's dialect calls by another name stands here under the name of RFC 9068.
 */
export type StandingSubject = Pick<
  Principal,
  'issuer' | 'subject' | 'clientId' | 'tokenId' | 'claims' | 'fingerprint'
>;

/**
 * Asks whether an accepted access token still stands: whether nobody has withdrawn it since it was issued. Asked after
 * every rule of the profile holds, and again while a connection stays open.
 */
export interface StandingCheck {
  /** What is true when the check passes, as a short sentence for people. */
  readonly guarantees: string;
  readonly spec: string;
  /**
   * Resolves when the token stands.
   *
   * Error: `AssayError`: `token.*` when it was withdrawn, `service.*` when that cannot be told. Never "fine" in doubt.
   */
  readonly check: (token: StandingSubject) => Promise<void>;
}
