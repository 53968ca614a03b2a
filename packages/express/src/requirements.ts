import {
  actor,
  anyScope,
  AssayError,
  audience,
  authorizationDetail,
  claim,
  introspection,
  requestViewOf,
  scope,
  senderConstraint,
  sessionOwner,
  stepUp,
  subjectKind,
  type ActorPolicy,
  type AuthorizeOptions,
  type AuthorizationDetailPolicy,
  type ClaimPredicate,
  type ClaimValue,
  type Principal,
  type Requirement,
  type ScopeArguments,
  type SessionOwnerLookup,
  type SenderConstraint,
  type StepUpDemand,
} from '@assay/core';
import type { Request, RequestHandler } from 'express';
import { speakFor, stateOf, type ExpressAuthenticationState } from './protect.js';
import { refuse } from './refuse.js';
import { routeName } from './route-name.js';
import { declaring, requirementsOfRoute } from './route-requirements.js';

/**
 * Middleware: the token grants all of these scopes.
 *
 * Error: 403 `scope.insufficient`.  Throws: `SetupError` for an empty list or an impossible scope.
 * Spec: RFC 6750 section 3.1.
 */
export function requireScope(...scopes: ScopeArguments): RequestHandler {
  return requirementMiddleware(scope(...scopes));
}

/**
 * Middleware: the token grants at least one of these scopes.
 *
 * Error: 403 `scope.insufficient`.  Throws: `SetupError` for an empty list or an impossible scope.
 * Spec: RFC 6750 section 3.1.
 */
export function requireAnyScope(...scopes: ScopeArguments): RequestHandler {
  return requirementMiddleware(anyScope(...scopes));
}

/**
 * Middleware: the token names this one of the resource server's audiences.
 *
 * Error: 401 `token.audience-mismatch`, also where the resource server has no such audience.
 * Spec: RFC 9068 section 4.
 */
export function requireAudience(member: string): RequestHandler {
  return requirementMiddleware(audience(member));
}

/**
 * Middleware: the claim has this value, or is a list that contains it, or satisfies the predicate, which also gets the
 * principal and the Express request: `requireClaim('tenant', (value, { request }) => value === request.params.tenant)`.
 *
 * Error: 403 `permission.claim-refused`; 500 `service.failed` when the predicate throws.
 * Throws: `SetupError` for a claim without a name or a value that cannot be compared.
 * Spec: RFC 9068 section 4.
 */
export function requireClaim(name: string, expected: ClaimValue | ClaimPredicate<Request>): RequestHandler {
  return requirementMiddleware(claim(name, expected));
}

/**
 * Middleware: the subject is a user, or is a client that acts for itself.
 *
 * Error: 403 `permission.subject-kind-refused`.  Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 4.15.
 */
export function requireSubjectKind(expected: 'user' | 'client'): RequestHandler {
  return requirementMiddleware(subjectKind(expected));
}

/**
 * Middleware: somebody acts for the subject who may: `requireActor({ actors: ['svc-assistant'], maximumDepth: 1 })`. A
 * function instead of the list also gets the principal and the Express request.
 *
 * Error: 403 `permission.actor-refused`; 500 `service.failed` when the function throws.
 * Throws: `SetupError` for nobody, actors without a name, or an impossible depth.
 * Spec: RFC 8693 section 4.1.
 */
export function requireActor(policy: ActorPolicy<Request>): RequestHandler {
  return requirementMiddleware(actor(policy));
}

/**
 * Middleware: one authorization detail of the token grants all of this:
 * `requireAuthorizationDetail({ type: 'payment_initiation', actions: ['initiate'] })`.
 *
 * Error: 403 `permission.detail-refused`; 500 `service.failed` when `satisfies` throws.
 * Throws: `SetupError` for a policy without a type, and for empty lists and texts.
 * Spec: RFC 9396 section 9.
 */
export function requireAuthorizationDetail(policy: AuthorizationDetailPolicy<Request>): RequestHandler {
  return requirementMiddleware(authorizationDetail(policy));
}

/**
 * Middleware: the user was authenticated as strongly and as recently as this route needs. The challenge says what is
 * needed, with the scopes that are missing on the same route.
 *
 * Error: 401 `authentication.insufficient`.  Throws: `SetupError` for a demand that demands nothing, or cannot be said.
 * Spec: RFC 9470 section 3.
 */
export function requireStepUp(demand: StepUpDemand): RequestHandler {
  return requirementMiddleware(stepUp(demand));
}

/**
 * Middleware: the token is bound to a key of its sender in this way: by DPoP, by a client certificate, or by either.
 *
 * Error: 401 `token.confirmation-missing`, with a DPoP challenge where that would do.
 * Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 2.2.1.
 */
export function requireSenderConstraint(expected: SenderConstraint | 'any'): RequestHandler {
  return requirementMiddleware(senderConstraint(expected));
}

/**
 * Middleware: the session that the request names belongs to this principal:
 * `requireSessionOwner((request) => sessions.get(request.get('mcp-session-id'))?.owner)`.
 *
 * Error: 403 `permission.session-refused`; 500 `service.failed` when the look-up throws.
 * Throws: `SetupError` for what is no function.
 * Spec: RFC 8725 section 3.8.
 */
export function requireSessionOwner(ownerOf: SessionOwnerLookup<Request>): RequestHandler {
  return requirementMiddleware(sessionOwner(ownerOf));
}

/**
 * Middleware: the issuer says now that the token is active, and what it takes away counts from here on, for what the
 * route has demanded before as well. Needs the `introspection` option of the resource server.
 *
 * Error: 401 `token.inactive`, `token.introspection-mismatch`; 503 `service.introspection-unavailable`; 500
 * `service.introspection-not-configured`.
 * Spec: RFC 7662 section 4.
 */
export function requireIntrospection(): RequestHandler {
  return requirementMiddleware(introspection());
}

/**
 * Middleware for any requirement. Without a `protect` before it, it refuses every request.
 *
 * Error: that of the requirement; 401 `request.token-missing` for an anonymous request; 500
 * `service.route-unprotected` without `protect`.
 */
export function requirementMiddleware(requirement: Requirement): RequestHandler {
  return declaring(requirement, async (request, response, next) => {
    const state = stateOf(request);
    try {
      await authorize(request, state, requirement);
    } catch (error) {
      refuse(error, {
        response,
        next,
        onFailure: state?.onFailure ?? 'answer',
        resourceServer: state?.resourceServer,
        recorder: state?.recorder,
        principal: state?.principal,
        about: { audience: audienceOfRoute(request, requirement), request: requestViewOf(request) },
      });
      return;
    }
    next();
  });
}

/** What the route is narrowed to: the metadata of that is what a challenge points to. */
function audienceOfRoute(request: Request, requirement: Requirement): string | undefined {
  const requirements = [requirement, ...requirementsOfRoute(request)];
  return requirements.find(({ audience }) => audience !== undefined)?.audience;
}

async function authorize(
  request: Request,
  state: ExpressAuthenticationState | undefined,
  requirement: Requirement,
): Promise<void> {
  if (state === undefined) {
    warnOfUnprotectedRoute(request, requirement);
    throw new AssayError('service.route-unprotected');
  }
  const { principal, resourceServer } = state;
  if (principal === undefined) throw new AssayError('request.token-missing');
  if (requirement.audience !== undefined && !resourceServer.audiences.includes(requirement.audience)) {
    throw new AssayError('token.audience-mismatch', { claim: 'aud', reason: 'mismatch' });
  }
  const current = await resourceServer.authorize(principal, requirement, optionsFor(request));
  const met = metBy.get(principal) ?? [];
  if (current !== principal) await reduceTo(current, met, request, state);
  metBy.set(current, [...met, requirement]);
}

/** The requirements that the request behind a principal has met so far. */
const metBy = new WeakMap<Principal, readonly Requirement[]>();

function optionsFor(request: Request): AuthorizeOptions {
  return { request, alongside: () => requirementsOfRoute(request) };
}

/** Goes on with what the issuer has left of a principal. It has to meet what the request has met before, too. */
async function reduceTo(
  principal: Principal,
  met: readonly Requirement[],
  request: Request,
  state: ExpressAuthenticationState,
): Promise<void> {
  await state.resourceServer.authorize(principal, met, optionsFor(request));
  speakFor(request, { ...state, principal });
  if (request.res !== undefined) state.recorder?.passes(principal, request.res);
}

const warnedOf = new WeakSet<Requirement>();

function warnOfUnprotectedRoute(request: Request, requirement: Requirement): void {
  if (warnedOf.has(requirement)) return;
  warnedOf.add(requirement);
  process.emitWarning(
    `${routeName(request)} requires ${requirement.description} but no protect() runs before it: every request is refused. ` +
      'Mount app.use(protect(…)) first.',
    { code: 'ASSAY_ROUTE_UNPROTECTED' },
  );
}
