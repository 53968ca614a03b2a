import { accessTokenParts } from './access-token-verifier.js';
import { appraisalOfExtraction, type Appraisal } from './appraisal.js';
import { AssayError, isAssayError } from './assay-error.js';
import { answerTo, isQuotable, type RefusalAnswer } from './challenge.js';
import { MisconfiguredIssuer } from './keys/misconfigured-issuer.js';
import { Principal } from './principal.js';
import type { RequestView } from './request-view.js';
import { authorize, type AuthorizationContext, type Requirement } from './requirements/requirement.js';
import { audiencesFrom } from './settings/identifiers.js';
import { knownOptionsOnly } from './settings/options.js';
import { tokenLocationsFrom } from './settings/token-locations.js';
import { accessTokenOptionNames, type AccessTokenOptions } from './settings/trusted-issuers.js';
import { SetupError } from './setup-error.js';
import { carriesTokenInQuery, extractToken, type TokenLocation } from './steps/extract-token.js';
import type { TrustedIssuer } from './trusted-issuer.js';
import { createVerifier } from './verifier.js';
import type { VerificationContext } from './verify-token.js';

/** The options of a resource server. */
export interface ResourceServerOptions extends AccessTokenOptions {
  /** What challenges call this resource server. Default: its first audience. */
  readonly realm?: string;
  /**
   * Which of the audiences a request is for, where that depends on the request: its path, a tenant. A token for another
   * one is refused, and so is any token where the answer is none of the audiences. Default: each of them.
   *
   * Spec: RFC 8707 section 3.
   */
  readonly audienceOf?: (request: RequestView) => string;
  /**
   * Where a request may carry its token. Default: the `Authorization` header alone. `form` needs a parser of forms in
   * front; answers to tokens in the `query` are kept out of shared caches.
   *
   * Spec: RFC 6750 section 2.
   */
  readonly tokenLocations?: readonly TokenLocation[];
}

/** The names of the options of a resource server, for adapters that take them in one go with their own. */
export const resourceServerOptionNames = [
  ...accessTokenOptionNames,
  'realm',
  'audienceOf',
  'tokenLocations',
] as const satisfies (keyof ResourceServerOptions)[];

/** A resource server: judges requests and answers those that it refuses. Knows no framework. */
export interface ResourceServer {
  /** Every audience that the resource server answers to. */
  readonly audiences: readonly string[];
  /** The identifiers of the trusted issuers. */
  readonly issuers: readonly string[];
  /**
   * Loads metadata and keys now, so that a mistake shows at start.
   *
   * Throws: `SetupError` when the metadata names another issuer or contradicts itself; `AssayError` when the keys cannot be had.
   */
  readonly ready: () => Promise<void>;
  /**
   * The principal that a request proves to be.
   *
   * Error: throws `AssayError`: `request.*`, `token.*`, or `service.*` when it could not be judged.
   */
  readonly authenticate: (request: RequestView) => Promise<Principal>;
  /**
   * Lets a principal pass that was authenticated a while ago, on a connection that is still open: its token must not
   * have expired meanwhile.
   *
   * Error: throws `AssayError`: `token.expired`.
   * Spec: RFC 7519 section 4.1.4.
   */
  readonly ensureCurrent: (principal: Principal) => Promise<void>;
  /**
   * Lets the principal pass if it meets the requirements.
   *
   * Error: throws `AssayError`, for instance `scope.insufficient`.
   */
  readonly authorize: (
    principal: Principal,
    requirement: Requirement | readonly Requirement[],
    context?: AuthorizationContext,
  ) => Promise<void>;
  /** Every rule with its verdict for a token, or for the token of a request. For people; never throws on bad evidence. */
  readonly appraise: (jwtOrRequest: string | RequestView) => Promise<Appraisal>;
  /** Whether the answer to a request has to be kept out of shared caches: its URL holds a token that is accepted there. */
  readonly requiresPrivateAnswer: (request: RequestView) => boolean;
  /** The answer to a failure: status, challenge, body. */
  readonly challenge: (error: unknown) => RefusalAnswer;
}

/**
 * A resource server for one or more issuers and audiences. Has its own keys: share one instance.
 *
 * Throws: `SetupError` for options that are missing, weak, contradictory or misspelt.
 * Spec: RFC 9068 section 4; RFC 6750.
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  knownOptionsOnly(options, resourceServerOptionNames);
  const parts = accessTokenParts(options);
  const { issuers } = parts;
  const named = [...issuers.values()];
  const audiences = audiencesAnswered(named, options);
  const { audienceOf } = options;
  const settings = { realm: realmFrom(options.realm, audiences) };
  const locations = tokenLocationsFrom(options.tokenLocations);
  const verifier = createVerifier(parts);

  /** What the request narrows. Where the application cannot tell, nothing is accepted. */
  function contextOf(request: RequestView): VerificationContext {
    try {
      return audienceOf === undefined ? {} : { audience: audienceOf(request) };
    } catch (cause) {
      throw new AssayError('service.failed', { cause });
    }
  }

  /** The path of one request, start to finish. */
  async function authenticate(request: RequestView): Promise<Principal> {
    const presented = extractToken(request, locations);
    const bound = await verifier.verify(presented, contextOf(request));
    return Principal.from(bound);
  }

  async function ensureCurrent({ issuer, expiresAt }: Principal): Promise<void> {
    const trusted = await parts.issuers.get(issuer);
    const leewaySeconds = trusted?.expectations.leewaySeconds ?? 0;
    if (parts.clock.nowMs() / 1000 < expiresAt + leewaySeconds) return;
    throw new AssayError('token.expired', { reason: 'mismatch', claim: 'exp' });
  }

  async function appraise(jwtOrRequest: string | RequestView): Promise<Appraisal> {
    try {
      if (typeof jwtOrRequest === 'string') return await verifier.appraise(jwtOrRequest);
      return await verifier.appraise(extractToken(jwtOrRequest, locations), contextOf(jwtOrRequest));
    } catch (error) {
      if (!isAssayError(error)) throw error;
      return appraisalOfExtraction(error, parts);
    }
  }

  return {
    audiences,
    issuers: named.map(({ identifier }) => identifier),
    authenticate,
    ensureCurrent,
    ready: () => verifier.ready().catch(explainMisconfiguration),
    authorize: (principal, requirement, context) => authorize(principal, listOf(requirement), context),
    appraise,
    requiresPrivateAnswer: (request) => locations.has('query') && carriesTokenInQuery(request),
    challenge: (error) => answerTo(error, settings),
  };
}

function listOf(requirement: Requirement | readonly Requirement[]): readonly Requirement[] {
  return Array.isArray(requirement) ? (requirement as readonly Requirement[]) : [requirement as Requirement];
}

/** Every audience of the named issuers; a resolver names none beforehand, so the options have to. */
function audiencesAnswered(
  named: readonly TrustedIssuer[],
  { audience }: Pick<ResourceServerOptions, 'audience'>,
): readonly string[] {
  const ofIssuers = new Set(named.flatMap(({ expectations }) => expectations.audiences));
  return ofIssuers.size > 0 ? [...ofIssuers] : audiencesFrom(audience, 'audience');
}

function realmFrom(realm: string | undefined, audiences: readonly string[]): string {
  const chosen = realm ?? audiences[0] ?? '';
  if (isQuotable(chosen)) return chosen;
  throw new SetupError({
    option: 'realm',
    problem: 'it cannot stand in a WWW-Authenticate header',
    remedy: 'Give a realm of printable ASCII characters.',
  });
}

function explainMisconfiguration(error: unknown): never {
  if (isAssayError(error) && error.cause instanceof MisconfiguredIssuer) {
    const { message, remedy } = error.cause;
    throw new SetupError({ option: 'issuer', problem: message, remedy }, error);
  }
  throw error;
}
