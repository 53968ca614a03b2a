import type { PresentedToken } from '../evidence.js';
import type { Origin } from '../verify-token.js';

/** Knows what tokens are that are no JWTs: nothing in them says so. */
export interface OpaqueTokens {
  /** Whether nobody else can tell what the token is. */
  readonly takes: (token: PresentedToken) => boolean;
  /**
   * What the issuer says of an active opaque token, and what it is to be held to: in the place of a signature.
   *
   * Error: `token.inactive`, `token.too-large`, `service.introspection-unavailable`, `service.issuers-unavailable`.
   */
  readonly originOf: (token: PresentedToken) => Promise<Origin>;
}
