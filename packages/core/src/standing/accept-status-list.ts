import type { Clock } from '../clock.js';
import type { AcceptedToken, PresentedToken } from '../evidence.js';
import { statusList } from '../profiles/status-list.js';
import { applyProfile } from '../steps/apply-profile.js';
import { chooseKeys } from '../steps/choose-key.js';
import { parseToken } from '../steps/parse-token.js';
import { verifyTokenSignature } from '../steps/verify-signature.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { expectedOf, type Origin } from '../verify-token.js';

/** Whose list it has to be, and how long it may be. */
export interface StatusListExpectation {
  /** Said by the configuration: a list does not name its issuer. */
  readonly signer: TrustedIssuer;
  /** Units: characters of the signed list. */
  readonly maximumBytes: number;
  readonly clock: Clock;
}

/**
 * The list of a URI, still packed, once its signature and every rule of the profile hold.
 *
 * Error: `token.*`; `service.keys-unavailable`.
 * Spec: draft-ietf-oauth-status-list section 8.3, steps 3 and 4.
 */
export async function acceptStatusList(
  jwt: string,
  uri: string,
  expectation: StatusListExpectation,
): Promise<AcceptedToken<'status-list'>> {
  const { verified, issuer } = await establishListSigner(jwt, uri, expectation);
  return applyProfile(verified, statusList, expectedOf(issuer, expectation.clock));
}

/** Who signed the list: the one issuer whose list may stand at that URI, and its one subject is the URI. */
export async function establishListSigner(
  jwt: string,
  uri: string,
  { signer, maximumBytes }: StatusListExpectation,
): Promise<Origin> {
  const unverified = parseToken(jwt as PresentedToken, undefined, maximumBytes);
  const keys = await chooseKeys(unverified, signer);
  const { verified } = verifyTokenSignature(unverified, signer, keys);
  const acceptsSubject = (subject: string) => subject === uri;
  return { verified, issuer: { ...signer, expectations: { ...signer.expectations, acceptsSubject } } };
}
