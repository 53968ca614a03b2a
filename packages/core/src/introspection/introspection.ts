import { AssayError } from '../assay-error.js';
import type { Clock } from '../clock.js';
import type { AcceptedToken, BoundToken, Claims, PresentedToken, VerifiedToken } from '../evidence.js';
import type { Principal } from '../principal.js';
import { accessToken } from '../profiles/access-token.js';
import type { Profile } from '../profiles/profile.js';
import type { Expected } from '../rules/rule.js';
import { applyProfile } from '../steps/apply-profile.js';
import { requireTokenLength } from '../steps/parse-token.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { expectedOf, profileOf, type VerificationContext } from '../verify-token.js';
import { introspectedProfile } from './introspected-profile.js';
import type { IntrospectedIssuer, IntrospectionContext } from './introspection-settings.js';
import { isJwtShaped } from './is-jwt-shaped.js';
import { limitedPrincipal } from './limited-principal.js';
import { statementOfIssuer } from './statement-of-issuer.js';

/** What an issuer says of an opaque token, and what it is to be held to. */
export interface IntrospectedStatement {
  readonly statement: VerifiedToken;
  readonly expected: Expected;
  readonly profile: Profile<'access-token'>;
}

/** Where a principal comes from. Its token is in here, and nowhere else. */
export interface PrincipalOrigin {
  readonly token: PresentedToken;
  readonly bound: BoundToken<'access-token'>;
  readonly context: VerificationContext;
}

/** What a resource server asks of introspection endpoints. */
export interface Introspection {
  /** The issuers whose tokens can be asked about. */
  readonly issuers: readonly string[];
  /** Whether nothing but introspection can tell what the token is. */
  readonly takes: (token: PresentedToken) => boolean;
  /**
   * What the issuer says of an active opaque token.
   *
   * Error: `token.inactive`, `token.too-large`, `service.introspection-unavailable`, `service.issuers-unavailable`.
   */
  readonly statementOn: (
    token: PresentedToken,
    context: VerificationContext,
  ) => Promise<IntrospectedStatement>;
  /**
   * An opaque token as an accepted one: active, and good by every rule.
   *
   * Error: as `statementOn`, and the code of the rule that does not hold.
   */
  readonly accept: (
    token: PresentedToken,
    context: VerificationContext,
  ) => Promise<AcceptedToken<'access-token'>>;
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
  /** As `confirm`, where the token is opaque or every token is asked about; otherwise nothing. */
  readonly confirmOpenConnection: (principal: Principal) => Promise<void>;
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

  async function statementOn(
    token: PresentedToken,
    context: VerificationContext,
  ): Promise<IntrospectedStatement> {
    if (taker === undefined) throw new AssayError('token.malformed');
    requireTokenLength(token);
    const { missingSubject, introspector } = taker;
    const trustedIssuer = await trusted(introspector.issuer);
    const answered = await ask(taker, token);
    const expected = expectedOf(trustedIssuer, clock, context);
    const { issuer } = expected;
    const statement = statementOfIssuer(token, answered.members, { issuer, missingSubject });
    answeredBy.set(statement.claims, answered);
    return {
      statement,
      expected,
      profile: introspectedProfile(profileOf(trustedIssuer, accessToken, expected)),
    };
  }

  async function confirm(principal: Principal): Promise<Principal> {
    const held = heldBy.get(principal);
    if (held === undefined) throw new AssayError('service.introspection-not-configured');
    const issuer = await trusted(principal.issuer);
    const answered = isOfThisRequest(held.answered, clock)
      ? held.answered
      : await ask(held.asked, held.token);
    const expected = expectedOf(issuer, clock, held.context);
    held.answered = answered;
    held.current = limitedPrincipal(held.principal, held.bound, answered.members, expected);
    heldBy.set(held.current, held);
    return held.current;
  }

  return {
    issuers: [...introspected.keys()],
    takes: (token) => taker !== undefined && !isJwtShaped(token),
    statementOn,
    async accept(token, context) {
      const { statement, expected, profile } = await statementOn(token, context);
      return applyProfile(statement, profile, expected);
    },
    async follow(principal, origin) {
      const asked = introspected.get(principal.issuer);
      if (asked === undefined) return principal;
      const answered = answeredBy.get(origin.bound.claims);
      heldBy.set(principal, { ...origin, asked, principal, current: principal, answered });
      return asked.use === 'every-token' ? confirm(principal) : principal;
    },
    confirm,
    async confirmOpenConnection(principal) {
      const held = heldBy.get(principal);
      if (held === undefined) return;
      if (held.asked.use === 'every-token' || !isJwtShaped(held.token)) await confirm(principal);
    },
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
