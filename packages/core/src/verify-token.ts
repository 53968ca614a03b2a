import type { Clock } from './clock.js';
import type { AcceptedToken, PresentedToken, VerifiedToken } from './evidence.js';
import type { Profile } from './profiles/profile.js';
import type { Expected } from './rules/rule.js';
import { applyProfile } from './steps/apply-profile.js';
import { chooseIssuer } from './steps/choose-issuer.js';
import { chooseKeys } from './steps/choose-key.js';
import { parseToken } from './steps/parse-token.js';
import { verifyTokenSignature } from './steps/verify-signature.js';
import type { TrustedIssuer, TrustedIssuers } from './trusted-issuer.js';

/** What one verification may narrow. */
export interface VerificationContext {
  /** Expects this audience alone, one of those that the verifier was made with. */
  readonly audience?: string;
}

/** What a verification needs: the kind of JWT, whom to trust, and the time. */
export interface VerifierParts<Kind extends string> {
  readonly profile: Profile<Kind>;
  readonly issuers: TrustedIssuers;
  readonly clock: Clock;
}

/** The path of one token, from text to accepted evidence. */
export async function verifyToken<Kind extends string>(
  presented: PresentedToken,
  { profile, issuers, clock }: VerifierParts<Kind>,
  context?: VerificationContext,
): Promise<AcceptedToken<Kind>> {
  const { verified, issuer } = await establishOrigin(presented, issuers);
  return applyProfile(verified, profile, expectedOf(issuer, clock, context));
}

/** Who signed this: from here on, the claims may be believed. */
export async function establishOrigin(
  presented: PresentedToken,
  issuers: TrustedIssuers,
): Promise<{ verified: VerifiedToken; issuer: TrustedIssuer }> {
  const unverified = parseToken(presented);
  const issuer = chooseIssuer(unverified, issuers);
  const keys = await chooseKeys(unverified, issuer);
  return { verified: verifyTokenSignature(unverified, issuer, keys), issuer };
}

/** What is expected of a token of this issuer at this moment. */
export function expectedOf(issuer: TrustedIssuer, clock: Clock, context?: VerificationContext): Expected {
  const { expectations, identifier } = issuer;
  return {
    ...expectations,
    issuer: identifier,
    nowSeconds: clock.nowMs() / 1000,
    audiences: narrowed(expectations.audiences, context?.audience),
  };
}

// An audience that is not configured leaves nothing to match: the token is refused.
function narrowed(audiences: readonly string[], audience: string | undefined): readonly string[] {
  return audience === undefined ? audiences : audiences.filter((member) => member === audience);
}
