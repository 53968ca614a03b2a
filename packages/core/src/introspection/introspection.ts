import { isDeepStrictEqual } from 'node:util';
import type { LaterStep } from '../appraisal.js';
import { AssayError, isAssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import type { Claims, PresentedToken } from '../evidence.js';
import { Principal } from '../principal.js';
import { accessToken } from '../profiles/access-token.js';
import { requireTokenLength } from '../steps/parse-token.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { expectedOf, type Origin, type VerificationContext } from '../verify-token.js';
import { introspectedProfile } from './introspected-profile.js';
import type { IntrospectedIssuer, IntrospectionContext } from './introspection-settings.js';
import { isJwtShaped } from './is-jwt-shaped.js';
import { limitedPrincipal, type AcceptedClaims } from './limited-principal.js';
import type { OpaqueTokens } from './opaque-tokens.js';
import { statementOfIssuer } from './statement-of-issuer.js';

/** Where a principal comes from. Its token is in here, and nowhere else. */
export interface PrincipalOrigin {
  readonly token: PresentedToken;
  readonly bound: AcceptedClaims;
  readonly context: VerificationContext;
}

/** What a resource server asks of introspection endpoints. */
export interface Introspection extends OpaqueTokens {
  /** The issuers whose tokens can be asked about. */
  readonly issuers: readonly string[];
  /**
   * Remembers where a principal comes from, for as long as it is in use, and asks about its token where every token is
   * asked about. Resolves to the principal within the answer.
   *
   * Error: as `confirm`.
   */
  readonly follow: (principal: Principal, origin: PrincipalOrigin) => Promise<Principal>;
  /**
   * The principal, within what its issuer says of its token now.
   *
   * Error: `token.inactive`, `token.introspection-mismatch`, the code of a rule that does not hold;
   * `service.introspection-unavailable`, `service.introspection-not-configured`.
   */
  readonly confirm: (principal: Principal) => Promise<Principal>;
  /** As `confirm`, where the token is opaque, every token is asked about, or this one was inactive before. */
  readonly confirmOpenConnection: (principal: Principal) => Promise<void>;
  /** What `follow` asks, as a step of an appraisal. */
  readonly steps: (token: PresentedToken, context: VerificationContext) => readonly LaterStep[];
  /** The principal as the last answer left it. */
  readonly current: (principal: Principal) => Principal;
  /** Throws: `SetupError` where a client cannot authenticate. */
  readonly ready: () => Promise<void>;
}

/**
 * An answer that was given while the same request is judged need not be asked for again. Units: milliseconds.
 */
const oneRequestMs = 1000;

interface Answered {
  readonly atMs: number;
  readonly members: Claims;
}

/** What is remembered of one token, for as long as somebody holds a principal of it. */
interface Held extends PrincipalOrigin {
  readonly asked: IntrospectedIssuer;
  readonly principal: Principal;
  current: Principal;
  answered: Answered | undefined;
  /** What has become inactive does not become active again. */
  isInactive: boolean;
}

/** Asks the introspection endpoints of these issuers. */
export function introspectionBy(
  introspected: ReadonlyMap<string, IntrospectedIssuer>,
  { issuers, remote: { clock } }: Pick<IntrospectionContext, 'issuers' | 'remote'>,
): Introspection {
  const taker = [...introspected.values()].find(({ use }) => use !== 'where-required');
  // The only place that knows the token of a principal. It forgets the one with the other.
  const heldBy = new WeakMap<Principal, Held>();
  const answeredBy = new WeakMap<Claims, Answered>();

  async function trusted(identifier: string): Promise<TrustedIssuer> {
    const issuer = await issuers.get(identifier);
    if (issuer === undefined) throw new AssayError('service.issuers-unavailable');
    return issuer;
  }

  async function ask({ introspector }: IntrospectedIssuer, token: PresentedToken): Promise<Answered> {
    const answer = await introspector.introspect(token);
    if (!answer.active) throw new AssayError('token.inactive');
    return { atMs: clock.nowMs(), members: answer.members };
  }

  async function originOf(token: PresentedToken): Promise<Origin> {
    if (taker === undefined) throw new AssayError('token.malformed');
    requireTokenLength(token);
    const { missingSubject, introspector } = taker;
    const issuer = await trusted(introspector.issuer);
    const answered = await ask(taker, token);
    const verified = statementOfIssuer(token, answered.members, {
      issuer: issuer.identifier,
      missingSubject,
    });
    answeredBy.set(verified.claims, answered);
    return { verified, issuer: issuerOfOpaqueTokens(issuer) };
  }

  async function askAgain(held: Held): Promise<Answered> {
    try {
      return await ask(held.asked, held.token);
    } catch (error) {
      held.isInactive = isAssayError(error, 'token.inactive');
      throw error;
    }
  }

  async function confirm(principal: Principal): Promise<Principal> {
    const held = heldBy.get(principal);
    if (held === undefined) throw new AssayError('service.introspection-not-configured');
    if (held.isInactive) throw new AssayError('token.inactive');
    if (isOfThisRequest(held.answered, clock)) return held.current;
    const issuer = await trusted(principal.issuer);
    const answered = await askAgain(held);
    const expected = expectedOf(issuer, clock, held.context);
    const limited = limitedPrincipal(held.principal, held.bound, answered.members, expected);
    held.answered = answered;
    if (!haveSameRights(limited, held.current)) held.current = limited;
    heldBy.set(held.current, held);
    return held.current;
  }

  async function follow(principal: Principal, origin: PrincipalOrigin): Promise<Principal> {
    const asked = introspected.get(principal.issuer);
    if (asked === undefined) return principal;
    const answered = answeredBy.get(origin.bound.claims);
    heldBy.set(principal, {
      ...origin,
      asked,
      principal,
      current: principal,
      answered,
      isInactive: false,
    });
    return asked.use === 'every-token' ? confirm(principal) : principal;
  }

  return {
    issuers: [...introspected.keys()],
    takes: (token) => taker !== undefined && !isJwtShaped(token),
    originOf,
    follow,
    confirm,
    async confirmOpenConnection(principal) {
      const held = heldBy.get(principal);
      if (held === undefined) return;
      const isAskedAbout = held.asked.use === 'every-token' || !isJwtShaped(held.token);
      if (isAskedAbout || held.isInactive) await confirm(principal);
    },
    steps: (token, context) =>
      taker?.use === 'every-token'
        ? [{ ...activity, check: (bound) => follow(Principal.from(bound), { token, bound, context }) }]
        : [],
    current: (principal) => heldBy.get(principal)?.current ?? principal,
    async ready() {
      await Promise.all([...introspected.values()].map(({ introspector }) => introspector.ready()));
    },
  };
}

function isOfThisRequest(answered: Answered | undefined, clock: Clock): answered is Answered {
  if (answered === undefined) return false;
  const ageMs = clock.nowMs() - answered.atMs;
  return ageMs >= 0 && ageMs < oneRequestMs;
}

function haveSameRights(one: Principal, other: Principal): boolean {
  return (
    isDeepStrictEqual(one.scopes, other.scopes) &&
    isDeepStrictEqual(one.authorizationDetails, other.authorizationDetails)
  );
}

const activity = {
  guarantees: 'its issuer says that the token is active, where every token is introspected',
  spec: 'RFC 7662 section 2.2',
};

/** The issuer, with the profile that its opaque tokens are held to. No preset is to be hinted at: there is no dialect. */
function issuerOfOpaqueTokens(issuer: TrustedIssuer): TrustedIssuer {
  const profileAt = (nowSeconds: number) =>
    introspectedProfile((issuer.profileAt?.(nowSeconds) as typeof accessToken | undefined) ?? accessToken);
  return { ...issuer, profileAt, hasCompatibility: true };
}
