import { accessTokenParts } from './access-token-verifier.js';
import { answerDutiesOf, type AnswerDuties } from './answer-duties.js';
import {
  appraisalOfExtraction,
  appraiseToken,
  notBound,
  type Appraisal,
  type LaterStep,
} from './appraisal.js';
import { AssayError, isAssayError } from './assay-error.js';
import type { AuditStatistics } from './audit/deliver-records.js';
import { decisionRecord, identityOf, type Decision } from './audit/decision-record.js';
import { harmlessText } from './audit/harmless-text.js';
import type { AuditSink } from './audit/audit-record.js';
import type { PresentedToken } from './evidence.js';
import type { EvidenceTrace } from './evidence-trace.js';
import { checkSender } from './binding/check-sender.js';
import { certificateIsForwarded } from './binding/client-certificate.js';
import type { NonceVerdict } from './binding/dpop-nonces.js';
import type { SenderPolicy } from './binding/sender-policy.js';
import { useUpProof } from './binding/use-up-proof.js';
import { answerTo, isQuotable, type ChallengeSettings, type RefusalAnswer } from './challenge.js';
import { principalWithinActor, type ScopesOfActor } from './delegation/principal-within-actor.js';
import { introspectionFrom, refuseWithoutIntrospection } from './introspection/introspection-option.js';
import type { IntrospectionOptions } from './introspection/introspection-options.js';
import { MisconfiguredIssuer } from './keys/misconfigured-issuer.js';
import { challengedMetadata, type ChallengeContext } from './metadata/challenged-metadata.js';
import type { DocumentAnswer } from './metadata/document-answer.js';
import type { ResourceMetadataOptions } from './metadata/metadata-options.js';
import type { ProtectedResourceMetadata } from './metadata/protected-resource-metadata.js';
import { publishedMetadata } from './metadata/published-metadata.js';
import type { Principal } from './principal.js';
import { requestBehind, withRequest, type RequestBehind } from './request-behind.js';
import type { RequestView } from './request-view.js';
import { authorize, type AuthorizeOptions, type Requirement } from './requirements/requirement.js';
import { auditFrom, type AuditOptions } from './settings/audit-options.js';
import { audiencesFrom } from './settings/identifiers.js';
import { leewayFrom } from './settings/numbers.js';
import { booleanFrom, functionIfAny, knownOptionsOnly } from './settings/options.js';
import { senderOptionNames, senderPolicyFrom, type SenderOptions } from './settings/sender-options.js';
import { setupWarnings } from './settings/setup-warnings.js';
import { tokenLocationsFrom } from './settings/token-locations.js';
import { accessTokenOptionNames, type AccessTokenOptions } from './settings/trusted-issuers.js';
import { SetupError } from './setup-error.js';
import { ensureStanding } from './standing/ensure-standing.js';
import { standingSteps } from './standing/standing-steps.js';
import {
  carriesTokenInQuery,
  extractToken,
  schemesPresented,
  type TokenLocation,
} from './steps/extract-token.js';
import { inMemoryStores, type Stores } from './stores/in-memory-stores.js';
import { singleUseStoreFrom } from './stores/single-use-store-option.js';
import { sessionOwnerOf } from './streams/session-owner.js';
import { watchPrincipal, type WatchOptions } from './streams/watch-principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';
import { createVerifier } from './verifier.js';
import { acceptToken, type VerificationContext } from './verify-token.js';

/** The options of a resource server. */
export interface ResourceServerOptions extends AccessTokenOptions, SenderOptions {
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
  /**
   * Where issuers are asked what a token is worth now, and about which tokens: an entry for each issuer that can be asked.
   * Default: nobody is asked, and tokens that are no JWTs are refused.
   *
   * Spec: RFC 7662; RFC 9701.
   */
  readonly introspection?: IntrospectionOptions | readonly IntrospectionOptions[];
  /**
   * Where DPoP proofs are remembered until they would expire. Instances that share no store each accept a proof once.
   * Default: the memory of this process.
   */
  readonly stores?: Pick<Stores, 'singleUse'>;
  /** Where decisions are recorded: a sink, or a sink with options. Default: nowhere. */
  readonly audit?: AuditSink | AuditOptions;
  /**
   * What an agent may do itself, where one acts for the subject (`act`): scopes of the token beyond that do not count, on
   * any route. Default: the token alone decides.
   *
   * Spec: RFC 8693 section 1.1.
   */
  readonly scopesOfActor?: ScopesOfActor;
  /**
   * Publishes metadata for each audience, and points there in challenges. Default: neither.
   *
   * Spec: RFC 9728.
   */
  readonly metadata?: ResourceMetadataOptions;
  /**
   * Lets scripts of other origins read `WWW-Authenticate` and `DPoP-Nonce` of every answer, beside the headers that the
   * application exposes. Which origins may call at all is for the application to say. Default false.
   *
   * Spec: RFC 9449 sections 7.1 and 8.
   */
  readonly exposeToBrowsers?: boolean;
}

/** A decision to be recorded, and the request that it is about, as core sees it. */
export interface RecordableDecision extends Omit<Decision, 'requestId'> {
  readonly request?: RequestView | undefined;
}

/** What an application did for a principal. Texts of the application's own; values of a request do not belong here. */
export interface PrincipalAction {
  readonly action: string;
  readonly outcome: string;
  readonly request?: RequestView | undefined;
}

/** The names of the options of a resource server, for adapters that take them in one go with their own. */
export const resourceServerOptionNames = [
  ...accessTokenOptionNames,
  ...senderOptionNames,
  'realm',
  'audienceOf',
  'tokenLocations',
  'introspection',
  'stores',
  'audit',
  'scopesOfActor',
  'metadata',
  'exposeToBrowsers',
] as const satisfies (keyof ResourceServerOptions)[];

/** A resource server: judges requests and answers those that it refuses. Knows no framework. */
export interface ResourceServer {
  /** Every audience that the resource server answers to. */
  readonly audiences: readonly string[];
  /** The identifiers of the trusted issuers. */
  readonly issuers: readonly string[];
  /** The issuers that can be asked about their tokens. */
  readonly introspectedIssuers: readonly string[];
  /** What is no mistake in the options, and weaker or narrower than it may seem. For whoever reads the log at start. */
  readonly warnings: readonly string[];
  /**
   * Loads metadata and keys now, so that a mistake shows at start.
   *
   * Throws: `SetupError` when the metadata names another issuer or contradicts itself; `AssayError` when the keys cannot be had.
   */
  readonly ready: () => Promise<void>;
  /**
   * The principal that a request proves to be.
   *
   * Error: throws `AssayError`: `request.*`, `token.*`, `proof.*`, or `service.*` when it could not be judged.
   */
  readonly authenticate: (request: RequestView) => Promise<Principal>;
  /**
   * Lets a principal pass that was authenticated a while ago, on a connection that is still open: its token must not
   * have expired or have been withdrawn meanwhile.
   *
   * Error: throws `AssayError`: `token.expired`, `token.revoked` and whatever else a standing check refuses with.
   * Spec: RFC 7519 section 4.1.4.
   */
  readonly ensureCurrent: (principal: Principal) => Promise<void>;
  /**
   * A signal that is aborted when the token of the principal has expired or was withdrawn, with the `AssayError` as its
   * reason. For streams and sockets. End the watch with `signal` when the connection closes.
   */
  readonly watch: (principal: Principal, options?: WatchOptions) => AbortSignal;
  /**
   * The principal of a new token, on a connection or in a session that another began: the same issuer, subject and
   * client, whatever else has changed.
   *
   * Error: throws `AssayError`: those of `authenticate`; `permission.session-refused` for somebody else's token.
   */
  readonly renew: (principal: Principal, request: RequestView) => Promise<Principal>;
  /**
   * Lets the principal pass if it meets the requirements. Resolves to the principal as it was judged: within what its
   * issuer has said of the token when it was asked last.
   *
   * Error: throws `AssayError`, for instance `scope.insufficient`.
   */
  readonly authorize: (
    principal: Principal,
    requirement: Requirement | readonly Requirement[],
    options?: AuthorizeOptions,
  ) => Promise<Principal>;
  /** Every rule with its verdict for a token, or for the token of a request. For people; never throws on bad evidence. */
  readonly appraise: (jwtOrRequest: string | RequestView) => Promise<Appraisal>;
  /** What the answer to a request has to carry, beside what the application says: caching, the next nonce. */
  readonly answerDuties: (request: RequestView, principal: Principal | undefined) => AnswerDuties;
  /** Whether decisions are recorded at all. */
  readonly isAudited: boolean;
  /** Records a decision. For whoever answers the request, once for each; adapters do it. Never fails, never waits. */
  readonly record: (decision: RecordableDecision) => void;
  /** Records what the application did for a principal, linked to the token by `txn`, `jti` and fingerprint. */
  readonly recordAction: (principal: Principal, action: PrincipalAction) => void;
  /** How many records the sink has taken, and how many were lost. */
  readonly auditStatistics: () => AuditStatistics;
  /** The answer to a failure: status, challenge, body. */
  readonly challenge: (error: unknown, about?: ChallengeContext) => RefusalAnswer;
  /** The URLs of the metadata documents; none where nothing is published. */
  readonly metadataUrls: readonly string[];
  /**
   * The metadata of an audience; without a name, of the only one that has any. What signs it is in `metadataAnswer` alone.
   *
   * Throws: `SetupError` where there is no such document.
   * Spec: RFC 9728 section 2.
   */
  readonly metadata: (audience?: string) => ProtectedResourceMetadata;
  /**
   * The answer to a request for a metadata document, or for the keys that sign it; `undefined` for any other request. Needs
   * no token, and goes by path and query alone.
   *
   * Throws: `SetupError` for a key that cannot sign, which `ready` tells earlier.
   * Spec: RFC 9728 section 3.
   */
  readonly metadataAnswer: (
    request: Pick<RequestView, 'method' | 'url'>,
  ) => Promise<DocumentAnswer> | undefined;
}

/**
 * A resource server for one or more issuers and audiences. Has its own keys: share one instance.
 *
 * Throws: `SetupError` for options that are missing, weak, contradictory or misspelt.
 * Spec: RFC 9068 section 4; RFC 6750.
 */
export function createResourceServer(options: ResourceServerOptions): ResourceServer {
  knownOptionsOnly(options, resourceServerOptionNames);
  const jwtParts = accessTokenParts(options);
  const { standing = [], issuers } = jwtParts;
  const named = [...issuers.values()];
  const audiences = audiencesAnswered(named, options);
  const introspection = introspectionFrom(options, { issuers, audiences });
  const parts = { ...jwtParts, opaque: introspection };
  const { audienceOf } = options;
  const scopesOfActor = functionIfAny(options.scopesOfActor, 'scopesOfActor');
  const leewaySeconds = leewayFrom(options.leewaySeconds);
  const locations = tokenLocationsFrom(options.tokenLocations);
  const sender = senderPolicyFrom(options, {
    audiences,
    leewaySeconds: options.leewaySeconds,
    allowInsecureLoopback: options.allowInsecureLoopback === true,
    clock: parts.clock,
  });
  const proofs = singleUseStoreFrom(options.stores ?? inMemoryStores({ clock: parts.clock }));
  const exposeToBrowsers = booleanFrom(options.exposeToBrowsers, 'exposeToBrowsers');
  const settings: ChallengeSettings = {
    realm: realmFrom(options.realm, audiences),
    ...schemesOffered(sender),
  };
  const published = publishedMetadata(options.metadata, {
    audiences,
    issuers: named,
    tokenLocations: locations,
    sender,
    allowInsecureLoopback: options.allowInsecureLoopback === true,
    clock: parts.clock,
  });
  const metadata = challengedMetadata(published, audienceOf);
  const audit = auditFrom(options.audit);
  const verifier = createVerifier(parts);
  const nonceVerdicts = new WeakMap<Principal, NonceVerdict>();

  /** What the request narrows. Where the application cannot tell, nothing is accepted. */
  function contextOf(request: RequestView): VerificationContext {
    try {
      return audienceOf === undefined ? {} : { audience: audienceOf(request) };
    } catch (cause) {
      throw new AssayError('service.failed', { cause });
    }
  }

  /** The path of one request, start to finish. What cannot be undone comes last. */
  async function judge(request: RequestView, trace: EvidenceTrace): Promise<Principal> {
    const presented = extractToken(request, locations);
    if (audit !== undefined) trace.presented = presented.token;
    const context = contextOf(request);
    const accepted = await acceptToken(presented.token, parts, context, trace);
    const { bound, proof, nonce } = checkSender(accepted, presented, request, sender);
    const claimed = await principalWithinActor(bound, scopesOfActor);
    await ensureStanding(claimed, standing);
    const { token } = presented;
    const principal = (await introspection?.follow(claimed, { token, bound, context })) ?? claimed;
    if (nonce !== undefined) nonceVerdicts.set(principal, nonce);
    if (proof !== undefined) await useUpProof(proofs, proof, sender);
    return principal;
  }

  async function authenticate(request: RequestView): Promise<Principal> {
    const trace: EvidenceTrace = {};
    const behind: RequestBehind = {
      schemes: schemesPresented(request, locations),
      trace: audit === undefined ? undefined : trace,
      metadata: metadata.ofRequest(request),
    };
    try {
      return withRequest(await judge(request, trace), behind);
    } catch (error) {
      throw withRequest(error, behind);
    }
  }

  /** The principal as its issuer sees it now, where one of the requirements asks for that. */
  async function introspectedWhereRequired(
    principal: Principal,
    requirements: readonly Requirement[],
  ): Promise<Principal | undefined> {
    if (!requirements.some((requirement) => requirement.introspection === true)) return undefined;
    if (introspection === undefined) throw refuseWithoutIntrospection();
    return introspection.confirm(principal);
  }

  async function authorizeInScheme(
    principal: Principal,
    requirement: Requirement | readonly Requirement[],
    { request, alongside }: AuthorizeOptions = {},
  ): Promise<Principal> {
    const requirements = listOf(requirement);
    const behind = requestBehind(principal);
    try {
      const introspected = await introspectedWhereRequired(principal, requirements);
      const current = introspected ?? introspection?.current(principal) ?? principal;
      const nowSeconds = parts.clock.nowMs() / 1000;
      const context = { request, nowSeconds, leewaySeconds, audiences, introspected };
      await authorize(current, requirements, context, alongside);
      return current === principal ? principal : withRequest(current, behind);
    } catch (error) {
      throw withRequest(error, {
        ...behind,
        metadata: metadata.ofRoute([...requirements, ...(alongside?.() ?? [])], behind.metadata),
      });
    }
  }

  async function ensureCurrent(principal: Principal): Promise<void> {
    if (parts.clock.nowMs() / 1000 >= (await endOf(principal))) {
      throw new AssayError('token.expired', { reason: 'mismatch', claim: 'exp' });
    }
    await ensureStanding(principal, standing);
    await introspection?.confirmOpenConnection(principal);
  }

  async function endOf({ issuer, expiresAt }: Principal): Promise<number> {
    const trusted = await parts.issuers.get(issuer);
    return expiresAt + (trusted?.expectations.leewaySeconds ?? 0);
  }

  async function renew(principal: Principal, request: RequestView): Promise<Principal> {
    const renewed = await authenticate(request);
    if (sessionOwnerOf(renewed) === sessionOwnerOf(principal)) return renewed;
    const error = new AssayError('permission.session-refused', { reason: 'mismatch' });
    throw withRequest(error, requestBehind(renewed));
  }

  async function appraise(jwtOrRequest: string | RequestView): Promise<Appraisal> {
    const afterSender = (token: PresentedToken, context: VerificationContext) => [
      ...standingSteps(standing),
      ...(introspection?.steps(token, context) ?? []),
    ];
    if (typeof jwtOrRequest === 'string') {
      const token = jwtOrRequest as PresentedToken;
      return appraiseToken(token, parts, {}, [notBound, ...afterSender(token, {})]);
    }
    const request = jwtOrRequest;
    try {
      const presented = extractToken(request, locations);
      const context = contextOf(request);
      const later = [
        senderStep((token) => checkSender(token, presented, request, sender)),
        ...afterSender(presented.token, context),
      ];
      return await appraiseToken(presented.token, parts, context, later);
    } catch (error) {
      if (!isAssayError(error)) throw error;
      return appraisalOfExtraction(error, parts);
    }
  }

  function answerDuties(request: RequestView, principal: Principal | undefined): AnswerDuties {
    const nonceIsAging = principal !== undefined && nonceVerdicts.get(principal) === 'aging';
    return answerDutiesOf({
      tokenInUrl: locations.has('query') && carriesTokenInQuery(request),
      certificateInHeader: certificateIsForwarded(request, sender.certificate),
      nextNonce: nonceIsAging ? sender.nonces?.fresh() : undefined,
      forScripts: exposeToBrowsers,
    });
  }

  function challenge(error: unknown, about: ChallengeContext = {}): RefusalAnswer {
    const behind = requestBehind(error);
    const resourceMetadata = metadata.urlFor(behind.metadata, about);
    return answerTo(error, { ...settings, resourceMetadata }, behind.schemes);
  }

  function timeNow(): string {
    return new Date(parts.clock.nowMs()).toISOString();
  }

  function record({ request, ...decision }: RecordableDecision): void {
    if (audit === undefined) return;
    const requestId = audit.requestIdOf(request);
    const { trace = {} } = requestBehind(decision.error ?? decision.principal);
    audit.deliver(decisionRecord({ ...decision, requestId }, trace, timeNow(), audit.identities));
  }

  function recordAction(principal: Principal, { action, outcome, request }: PrincipalAction): void {
    audit?.deliver({
      event: 'action',
      time: timeNow(),
      requestId: audit.requestIdOf(request),
      action: harmlessText(action),
      outcome: harmlessText(outcome),
      ...identityOf(principal, audit.identities),
    });
  }

  return {
    audiences,
    issuers: named.map(({ identifier }) => identifier),
    introspectedIssuers: introspection?.issuers ?? [],
    warnings: [
      ...setupWarnings({
        leewaySeconds,
        isAddressKnown: sender.isAddressKnown,
        offersDpop: sender.offersDpop,
        hasStores: options.stores !== undefined,
      }),
      ...published.warnings,
    ],
    authenticate,
    ensureCurrent,
    watch: (principal, watchOptions = {}) =>
      watchPrincipal(
        principal,
        {
          clock: parts.clock,
          ensureCurrent,
          endOf,
          canBeWithdrawn: standing.length > 0 || introspection !== undefined,
          subscribe: options.revocations?.subscribe?.bind(options.revocations),
        },
        watchOptions,
      ),
    renew,
    ready: async () => {
      await Promise.all([
        verifier.ready().catch(explainMisconfiguration),
        published.ready(),
        introspection?.ready(),
      ]);
    },
    authorize: authorizeInScheme,
    appraise,
    answerDuties,
    isAudited: audit !== undefined,
    record,
    recordAction,
    auditStatistics: () => audit?.statistics() ?? { recorded: 0, dropped: 0, waiting: 0 },
    challenge,
    metadataUrls: published.urls,
    metadata: published.documentOf,
    metadataAnswer: published.answer,
  };
}

function senderStep(check: LaterStep['check']): LaterStep {
  return { guarantees: 'the sender has proven every key that cnf names', spec: 'RFC 7800 section 3', check };
}

/** The schemes that challenges offer, and what they say of proofs. */
function schemesOffered({
  required,
  offersDpop,
  algorithms,
  nonces,
}: SenderPolicy): Pick<ChallengeSettings, 'schemes' | 'dpop'> {
  const dpop = { algorithms: [...algorithms], freshNonce: nonces?.fresh };
  if (required === 'dpop') return { schemes: ['DPoP'], dpop };
  return offersDpop ? { schemes: ['Bearer', 'DPoP'], dpop } : { dpop };
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
