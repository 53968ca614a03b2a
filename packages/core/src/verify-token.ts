import type { Clock } from './clock.js';
import { hintAtCompatibility } from './compatibility/hint.js';
import type { EvidenceTrace } from './evidence-trace.js';
import type { OpaqueTokens } from './introspection/opaque-tokens.js';
import type { AcceptedToken, BoundToken, PresentedToken, VerifiedToken } from './evidence.js';
import { Principal } from './principal.js';
import type { Profile } from './profiles/profile.js';
import type { Expected } from './rules/rule.js';
import { ensureStanding } from './standing/ensure-standing.js';
import type { StandingCheck } from './standing/standing-check.js';
import { applyProfile } from './steps/apply-profile.js';
import { chooseIssuer } from './steps/choose-issuer.js';
import { checkReplicatedClaims } from './steps/check-replicated-claims.js';
import { chooseKeys } from './steps/choose-key.js';
import { indistinguishably, openEnvelope, type Decryption } from './steps/open-envelope.js';
import { parseToken, requireTokenLength } from './steps/parse-token.js';
import { refuseBound } from './steps/refuse-bound.js';
import { digestOfToken } from './steps/token-digest.js';
import type { VerifiedSignature, VerifiedSignatures } from './steps/verified-signatures.js';
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
  /** Default: encrypted tokens are malformed. */
  readonly decryption?: Decryption | undefined;
  /** Default: every signature is verified each time. */
  readonly signatures?: VerifiedSignatures | undefined;
  /** Who is asked what a token is that is no JWT. Default: it is malformed. */
  readonly opaque?: OpaqueTokens | undefined;
  /** Who is asked whether an accepted token still stands. Default: nobody. */
  readonly standing?: readonly StandingCheck[] | undefined;
}

const noDecryption: Decryption = { keys: [], required: false };

/** The path of one token, from text to evidence that may be acted on, where no request comes with it. */
export async function verifyToken<Kind extends string>(
  presented: PresentedToken,
  parts: VerifierParts<Kind>,
  context?: VerificationContext,
): Promise<BoundToken<Kind>> {
  const bound = refuseBound(await acceptToken(presented, parts, context));
  const { standing = [] } = parts;
  if (standing.length > 0) await ensureStanding(Principal.from(bound), standing);
  return bound;
}

/** The path of one token, from text to evidence that satisfies its profile. Who sent it is still open. */
export async function acceptToken<Kind extends string>(
  presented: PresentedToken,
  parts: VerifierParts<Kind>,
  context?: VerificationContext,
  trace: EvidenceTrace = {},
): Promise<AcceptedToken<Kind>> {
  const { verified, issuer } = await establishOrigin(presented, parts, trace);
  const expected = expectedOf(issuer, parts.clock, context);
  const profile = profileOf(issuer, parts.profile, expected);
  trace.judgedBy = { profile, expected };
  try {
    return applyProfile(verified, profile, expected);
  } catch (error) {
    hintAtCompatibility(error, issuer);
    throw error;
  }
}

/** What is said of a token, and by whom. */
export interface Origin {
  readonly verified: VerifiedToken;
  readonly issuer: TrustedIssuer;
}

/** Who signed this, or vouches for it in person: from here on, the claims may be believed. */
export async function establishOrigin(
  presented: PresentedToken,
  { issuers, signatures, opaque, decryption = noDecryption }: OriginParts,
  trace: EvidenceTrace = {},
): Promise<Origin> {
  if (opaque?.takes(presented) === true) {
    const origin = await opaque.originOf(presented);
    trace.verified = origin.verified;
    return origin;
  }
  const opened = openEnvelope(presented, decryption);
  // Most tokens are not encrypted, and need not wait.
  const { token, envelope } = opened instanceof Promise ? await opened : opened;
  if (envelope === undefined) return establishSigner(token, { issuers, signatures }, trace);
  const origin = await indistinguishably(() => establishSigner(token, { issuers, signatures }, trace));
  checkReplicatedClaims(envelope, origin.verified);
  return origin;
}

type OriginParts = Pick<VerifierParts<string>, 'issuers' | 'signatures' | 'opaque' | 'decryption'>;

async function establishSigner(
  token: PresentedToken,
  { issuers, signatures }: Pick<OriginParts, 'issuers' | 'signatures'>,
  trace: EvidenceTrace,
): Promise<Origin> {
  requireTokenLength(token);
  const digest = digestOfToken(token);
  const known = signatures?.find(digest);
  if (known !== undefined && (await stillHasTheKey(known, issuers))) {
    trace.verified = known.verified;
    return known;
  }
  const unverified = parseToken(token, digest);
  trace.unverified = unverified;
  const chosen = chooseIssuer(unverified, issuers);
  const issuer = chosen instanceof Promise ? await chosen : chosen;
  const keys = await chooseKeys(unverified, issuer);
  const { verified, key } = verifyTokenSignature(unverified, issuer, keys);
  trace.verified = verified;
  signatures?.remember(digest, token.length, { verified, issuer, key });
  return { verified, issuer };
}

/** Whether the issuer of a verified signature is still trusted, and would still be asked for the key that made it. */
async function stillHasTheKey(
  { verified, issuer, key }: VerifiedSignature,
  issuers: TrustedIssuers,
): Promise<boolean> {
  const current = issuers.get(issuer.identifier);
  if ((current instanceof Promise ? await current : current) !== issuer) return false;
  const { candidates } = await chooseKeys(verified, issuer);
  return candidates.some((candidate) => candidate.key === key);
}

/** The profile that the tokens of an issuer are held to at this moment. */
export function profileOf<Kind extends string>(
  { profileAt }: TrustedIssuer,
  profile: Profile<Kind>,
  { nowSeconds }: Expected,
): Profile<Kind> {
  // The issuers of one verifier have profiles of its kind: settings/ sees to that.
  return (profileAt?.(nowSeconds) as Profile<Kind> | undefined) ?? profile;
}

/** What is expected of a token of this issuer at this moment. */
export function expectedOf(issuer: TrustedIssuer, clock: Clock, context?: VerificationContext): Expected {
  const { expectations, identifier } = issuer;
  // Written out, because spreading costs more than all the rules together.
  return {
    issuer: identifier,
    nowSeconds: clock.nowMs() / 1000,
    audiences: narrowed(expectations.audiences, context?.audience),
    leewaySeconds: expectations.leewaySeconds,
    maximumAgeSeconds: expectations.maximumAgeSeconds,
    maximumLifetimeSeconds: expectations.maximumLifetimeSeconds,
    singleUse: expectations.singleUse,
    acceptsSubject: expectations.acceptsSubject,
  } satisfies Required<Omit<Expected, 'proof'>>;
}

// An audience that is not configured leaves nothing to match: the token is refused.
function narrowed(audiences: readonly string[], audience: string | undefined): readonly string[] {
  return audience === undefined ? audiences : audiences.filter((member) => member === audience);
}
