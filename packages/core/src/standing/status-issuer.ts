import type { TrustedIssuer } from '../trusted-issuer.js';

/** Whose status lists count for the tokens of an issuer, and how they count. */
export interface StatusIssuer {
  /** By whose keys the lists are signed, and what is expected of them but for the URI. */
  readonly signer: TrustedIssuer;
  /** Whether a URI is one at which the configuration says that lists are. Nothing else is ever fetched. */
  readonly names: (uri: string) => boolean;
  /** Whether a token that says nothing of its status is refused. */
  readonly required: boolean;
  /** The statuses that pass, beside VALID. */
  readonly acceptedStatuses: ReadonlySet<number>;
}
