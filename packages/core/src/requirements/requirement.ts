import { AssayError, isAssayError } from '../assay-error.js';
import type { Principal } from '../principal.js';
import { joinedRefusal } from './joined-refusal.js';
import type { StepUpDemand } from './step-up-demand.js';

/** What a requirement may look at beside the principal. */
export interface AuthorizationContext {
  /** The request as the framework has it: a predicate may compare a claim with a path parameter. */
  readonly request?: unknown;
  /** When this is judged, by the clock of the resource server. Units: seconds since the epoch. */
  readonly nowSeconds: number;
  /** The clock difference that is forgiven. Units: seconds. */
  readonly leewaySeconds: number;
  /** Every audience that the resource server answers to. */
  readonly audiences: readonly string[];
  /** The principal whose token the issuer was asked about for this judgement, where it was. */
  readonly introspected?: Principal | undefined;
}

/** What whoever asks for a judgement knows of the request. */
export interface AuthorizeOptions {
  /** The request as the framework has it. */
  readonly request?: unknown;
  /**
   * What the same route demands and is judged elsewhere. It lets nobody in and keeps nobody out here; where scopes or
   * the authentication of the user fall short, the challenge names what these demand as well.
   */
  readonly alongside?: () => readonly Requirement[];
}

/** Scopes that a requirement demands and does not keep to itself. */
export interface DisclosedScopes {
  /** Whether the token has to grant all of them, or one of them. */
  readonly match: 'all' | 'any';
  readonly scopes: readonly string[];
}

/**
 * What a route demands of the principal. Made by `scope()`, `anyScope()`, `audience()` and their like.
 */
export interface Requirement {
  /** What is demanded, for the start-up report: `scope orders:read`. Never sent to a caller. */
  readonly description: string;
  /** The audience that the route is narrowed to, where that is what is demanded. */
  readonly audience?: string;
  /** The scopes that callers may be told of, where scopes are what is demanded. For documents about an API. */
  readonly disclosedScopes?: DisclosedScopes;
  /** The type of authorization detail that is demanded, where one is. For documents about an API. */
  readonly authorizationDetailType?: string;
  /** The authentication of the user that is demanded, where that is what is demanded. */
  readonly stepUp?: StepUpDemand;
  /** That the issuer is asked about the token, where that is what is demanded. */
  readonly introspection?: true;
  /** The refusal, or nothing. */
  readonly check: (
    principal: Principal,
    context: AuthorizationContext,
  ) => AssayError | undefined | Promise<AssayError | undefined>;
}

/**
 * Lets the principal pass if it meets every requirement; all are judged by the same request, in order.
 *
 * Error: that of the first requirement that is not met, joined with what else another token has to bring;
 * `service.failed` when a requirement throws or answers nonsense.
 */
export async function authorize(
  principal: Principal,
  requirements: readonly Requirement[],
  context: AuthorizationContext,
  alongside: AuthorizeOptions['alongside'] = () => [],
): Promise<void> {
  const judged = (requirement: Requirement) => judge(requirement, principal, context);
  for (const requirement of requirements) {
    const refusal = await judged(requirement);
    if (refusal !== undefined) throw await joinedRefusal(refusal, [...requirements, ...alongside()], judged);
  }
}

async function judge(
  requirement: Requirement,
  principal: Principal,
  context: AuthorizationContext,
): Promise<AssayError | undefined> {
  try {
    const refusal = await requirement.check(principal, context);
    // One of the application's own may answer anything: what is neither a refusal nor nothing lets nobody pass.
    return refusal === undefined || isAssayError(refusal) ? refusal : new AssayError('service.failed');
  } catch (cause) {
    return new AssayError('service.failed', { cause });
  }
}
