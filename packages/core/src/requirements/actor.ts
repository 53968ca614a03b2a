import { AssayError } from '../assay-error.js';
import { maximumActorDepth, type Actor } from '../delegation/actor.js';
import type { Principal } from '../principal.js';
import { isNonEmptyString } from '../rules/shapes.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import { unlessTrue, type PredicateContext } from './predicate.js';
import type { AuthorizationContext, Requirement } from './requirement.js';

/** An actor as a policy names it: its subject alone at the issuer of the token, or its subject at an issuer. */
export type NamedActor = string | { readonly issuer: string; readonly subject: string };

/** Whether an actor may act for the principal, on this request. */
export type ActorPredicate<FrameworkRequest = unknown> = (
  actor: Actor,
  context: PredicateContext<FrameworkRequest>,
) => boolean | Promise<boolean>;

/** Who may act for whom, and over how many hands. */
export interface ActorPolicy<FrameworkRequest = unknown> {
  /**
   * Who may act for the subject: a list, or a function that also sees for whom, and on which request. Only the current
   * actor is asked about.
   */
  readonly actors: readonly NamedActor[] | ActorPredicate<FrameworkRequest>;
  /**
   * How many actors the token may name, the current one included: with 1, nobody acts for somebody who acts for the
   * subject. Default 10, which no token may exceed.
   */
  readonly maximumDepth?: number;
  /** Whether the subject may also come itself. Default false: somebody has to act for it. */
  readonly optional?: boolean;
}

/**
 * Somebody acts for the subject who may, by the token's `act`. An actor that the token names only deeper in the chain, or
 * in `may_act`, does not act.
 *
 * Error: `permission.actor-refused`; `service.failed` when the predicate throws or answers anything but a boolean.
 * Throws: `SetupError` for nobody, actors without a name, or a depth that is no whole number from 1 to 10.
 * Spec: RFC 8693 sections 4.1 and 4.4.
 */
export function actor<FrameworkRequest = unknown>(policy: ActorPolicy<FrameworkRequest>): Requirement {
  requireUsable(policy);
  const { actors, maximumDepth = maximumActorDepth, optional = false } = policy;
  const mayAct = typeof actors === 'function' ? actors : isAmong([...actors]);
  return {
    description: descriptionOf(policy),
    check(principal, { request }: AuthorizationContext) {
      const [current] = principal.actors;
      if (current === undefined) {
        // By the claim and not by the list: who acts must never be taken for the subject because it could not be read.
        return optional && principal.claims['act'] === undefined ? undefined : refusal('missing');
      }
      if (principal.actors.length > maximumDepth) return refusal('mismatch');
      const answer = mayAct(current, { principal, request: request as FrameworkRequest });
      return unlessTrue(answer, () => refusal('mismatch'));
    },
  };
}

function isAmong(named: readonly NamedActor[]) {
  return ({ issuer, subject }: Actor, { principal }: { readonly principal: Principal }): boolean =>
    named.some((candidate) =>
      typeof candidate === 'string'
        ? candidate === subject && issuer === principal.issuer
        : candidate.subject === subject && candidate.issuer === issuer,
    );
}

function refusal(reason: 'missing' | 'mismatch'): AssayError {
  return new AssayError('permission.actor-refused', { claim: 'act', reason });
}

function descriptionOf({ actors, maximumDepth, optional }: ActorPolicy<never>): string {
  const names = typeof actors === 'function' ? [] : actors.map(nameOf);
  return [
    `${optional === true ? 'no actor or ' : ''}actor${names.length === 0 ? '' : ` ${names.join(' or ')}`}`,
    ...(typeof actors === 'function' ? ['judged by a function'] : []),
    ...(maximumDepth === undefined ? [] : [`at most ${String(maximumDepth)} deep`]),
  ].join(', ');
}

function nameOf(named: NamedActor): string {
  return typeof named === 'string' ? named : `${named.subject} of ${named.issuer}`;
}

function requireUsable(policy: ActorPolicy<never>): void {
  const known = ['actors', 'maximumDepth', 'optional'] satisfies (keyof ActorPolicy)[];
  knownOptionsOnly(policy, known, 'actor');
  const { actors, maximumDepth, optional } = policy as { readonly [Name in keyof ActorPolicy]?: unknown };
  const refuse = (option: string, problem: string, remedy: string) =>
    new SetupError({ option: `actor.${option}`, problem, remedy });
  if (
    typeof actors !== 'function' &&
    !(Array.isArray(actors) && actors.length > 0 && actors.every(isNamedActor))
  ) {
    throw refuse(
      'actors',
      'it names nobody, or somebody without a name',
      "Give a function, or a list of subjects such as 'svc-assistant' and of { issuer, subject }.",
    );
  }
  const isDepth = Number.isInteger(maximumDepth) && Number(maximumDepth) >= 1;
  if (maximumDepth !== undefined && !(isDepth && Number(maximumDepth) <= maximumActorDepth)) {
    throw refuse(
      'maximumDepth',
      `it is not a whole number from 1 to ${String(maximumActorDepth)}`,
      'Give how many actors the token may name, the current one included.',
    );
  }
  if (optional !== undefined && typeof optional !== 'boolean') {
    throw refuse(
      'optional',
      'it is neither true nor false',
      'Say whether the subject may come without an actor.',
    );
  }
}

function isNamedActor(named: unknown): boolean {
  if (isNonEmptyString(named)) return true;
  if (typeof named !== 'object' || named === null) return false;
  const { issuer, subject } = named as { readonly issuer?: unknown; readonly subject?: unknown };
  return isNonEmptyString(issuer) && isNonEmptyString(subject) && Object.keys(named).length === 2;
}
