// The public names of @assay/core, one by one. What is not here is private.
export { createAccessTokenVerifier } from './access-token-verifier.js';
export type { CompatibilityPreset } from './compatibility/preset.js';
export { compatibilityPresets, type CompatibilityName } from './compatibility/presets.js';
export type { MacAlgorithm, TokenAlgorithm } from './mac-algorithms.js';
export { isKnownAlgorithm, knownAlgorithms, type Algorithm } from './algorithms.js';
export type { Appraisal, AppraisalLine, AppraisalVerdict } from './appraisal.js';
export { fulfilDuties, type AnswerDuties } from './answer-duties.js';
export { AssayError, isAssayError, type AssayErrorDetails, type Reason } from './assay-error.js';
export {
  authenticationOf,
  authenticationsOf,
  recordAuthentication,
  type AuthenticationState,
} from './authentication-state.js';
export type { AuthorizationDetail } from './authorization-details.js';
export { answerTo, type ChallengeSettings, type RefusalAnswer } from './challenge.js';
export type {
  AuditActionRecord,
  AuditActor,
  AuditAuthorizationDetail,
  AuditDecision,
  AuditDecisionRecord,
  AuditRecord,
  AuditRecordBase,
  AuditRule,
  AuditSink,
  UnverifiedAuditFields,
} from './audit/audit-record.js';
export type { AuditStatistics } from './audit/deliver-records.js';
export {
  decisionRecorder,
  type DecisionRecorder,
  type RequestDescription,
} from './audit/decision-recorder.js';
export { jsonLinesSink } from './audit/json-lines-sink.js';
export { pinoSink, type PinoLike } from './audit/pino-sink.js';
export type { AuditOptions } from './settings/audit-options.js';
export { systemClock, type Clock } from './clock.js';
export type { Actor } from './delegation/actor.js';
export type { ScopesOfActor } from './delegation/principal-within-actor.js';
export {
  createDpopProofVerifier,
  type DpopProofVerifier,
  type DpopProofVerifierOptions,
  type ProofContext,
} from './dpop-proof-verifier.js';
export type {
  ContentEncryptionAlgorithm,
  DecryptionKeyOptions,
  KeyManagementAlgorithm,
} from './encryption/decryption-keys.js';
export type { BoundToken, Claims, JoseHeader } from './evidence.js';
export { failures, type Failure, type FailureCode, type Fault, type Step } from './failures.js';
export {
  createJwtBearerGrantVerifier,
  type JwtBearerGrantVerifierOptions,
} from './jwt-bearer-grant-verifier.js';
export {
  createIntrospectionResponseVerifier,
  type IntrospectionResponseVerifierOptions,
} from './introspection-response-verifier.js';
export type {
  ClientAuthenticationFunction,
  ClientAuthenticationOption,
  ClientCredentialsSent,
  PrivateKeyJwtOptions,
} from './introspection/client-authentication.js';
export type { IntrospectionEvent } from './introspection/introspection-event.js';
export { introspectionMissing } from './introspection/introspection-option.js';
export type {
  IntrospectionOptions,
  IntrospectionUse,
  JwtAnswerOptions,
} from './introspection/introspection-options.js';
export type { ResponseJudgingOptions } from './introspection/jwt-response.js';
export { isSecureUrl } from './keys/secure-url.js';
export type { Fetch } from './keys/fetch-json.js';
export type { FixedKeys, Jwk, JwkSet } from './keys/fixed-keys.js';
export { jwkThumbprint } from './keys/jwk-thumbprint.js';
export type { KeyEvent, KeySource } from './keys/key-source.js';
export type { KeyQuery } from './keys/key-index.js';
export type { KeyPolicy } from './keys/key-policy.js';
export type { VerificationKey } from './keys/verification-key.js';
export type { ChallengeContext } from './metadata/challenged-metadata.js';
export type { DocumentAnswer } from './metadata/document-answer.js';
export type { MetadataSigningOptions, ResourceMetadataOptions } from './metadata/metadata-options.js';
export type { BearerMethod, ProtectedResourceMetadata } from './metadata/protected-resource-metadata.js';
export type { ResourceDescription } from './metadata/resource-description.js';
export { Principal, type Authentication, type PrincipalSource } from './principal.js';
export { accessToken as accessTokenProfile } from './profiles/access-token.js';
export { scopeList, type ClaimReading, type SubjectKind } from './profiles/claim-reading.js';
export { defineProfile, type ProfileDefinition } from './profiles/define-profile.js';
export type { Profile } from './profiles/profile.js';
export {
  requestViewOf,
  type ConnectionView,
  type NodeRequest,
  type NodeSocket,
  type RequestView,
} from './request-view.js';
export { actor, type ActorPolicy, type ActorPredicate, type NamedActor } from './requirements/actor.js';
export { audience } from './requirements/audience.js';
export {
  authorizationDetail,
  type AuthorizationDetailPolicy,
  type AuthorizationDetailPredicate,
} from './requirements/authorization-detail.js';
export { claim, type ClaimPredicate, type ClaimValue } from './requirements/claim.js';
export { introspection } from './requirements/introspection.js';
export type { PredicateContext } from './requirements/predicate.js';
export type {
  AuthorizationContext,
  AuthorizeOptions,
  DisclosedScopes,
  Requirement,
} from './requirements/requirement.js';
export {
  anyScope,
  isScopeToken,
  scope,
  type ScopeArguments,
  type ScopeDisclosure,
} from './requirements/scope.js';
export { combinedStepUp, type StepUpDemand } from './requirements/step-up-demand.js';
export { senderConstraint } from './requirements/sender-constraint.js';
export { stepUp } from './requirements/step-up.js';
export { sessionOwner, type SessionOwnerLookup } from './requirements/session-owner.js';
export { subjectKind } from './requirements/subject-kind.js';
export { endAnswerOn, endAnswerWith, farewell, type AnswerFormat } from './streams/end-answer.js';
export { sessionOwnerOf } from './streams/session-owner.js';
export type { WatchOptions } from './streams/watch-principal.js';
export {
  createResourceServer,
  resourceServerOptionNames,
  type PrincipalAction,
  type RecordableDecision,
  type ResourceServer,
  type ResourceServerOptions,
} from './resource-server.js';
export type { DpopNonceOptions, DpopProofOptions } from './settings/dpop-options.js';
export type { ClientCertificateOptions, DpopOptions, SenderOptions } from './settings/sender-options.js';
export type { CertificateEncoding } from './binding/client-certificate.js';
export type { SenderConstraint } from './binding/sender-policy.js';
export type { DpopProof } from './binding/verify-dpop-proof.js';
export type { AssertionIssuerOptions, AssertionJudgingOptions } from './settings/assertion-issuers.js';
export type { KeysOption, KeySetUrl } from './settings/key-option.js';
export { knownOptionsOnly } from './settings/options.js';
export type { CompatibilityOptions, IssuerOptions, PerIssuerOptions } from './settings/issuer-options.js';
export type { IssuerResolver } from './settings/resolved-issuers.js';
export type { AccessTokenOptions } from './settings/trusted-issuers.js';
export { reject, satisfied, type Expected, type Finding, type Rule, type Verdict } from './rules/rule.js';
export type { TokenLocation, TokenScheme } from './steps/extract-token.js';
export type { SharedSecretOption } from './settings/shared-secret.js';
export type { StandingOptions } from './settings/standing.js';
export type { StatusIssuerOptions } from './settings/status-issuers.js';
export type { StatusListOptions } from './settings/status-list.js';
export { SetupError, type SetupProblem } from './setup-error.js';
export { generateSigningJwk } from './signing/generate-signing-jwk.js';
export {
  createJwtSigner,
  type JwtSigner,
  type JwtSignerOptions,
  type RemoteSigningKey,
  type SigningKey,
} from './signing/jwt-signer.js';
export { decodeStatusList, statusAt, type StatusList } from './standing/decode-status-list.js';
export { inMemoryRevocations, type InMemoryRevocationsOptions } from './standing/in-memory-revocations.js';
export type {
  Revocation,
  RevocationQuery,
  RevocationStore,
  WritableRevocationStore,
} from './standing/revocation-store.js';
export type { StatusListEvent } from './standing/status-list-event.js';
export type { StatusListPolicy } from './standing/status-list-policy.js';
export {
  createStatusListVerifier,
  type StatusListContext,
  type StatusListVerifier,
  type StatusListVerifierOptions,
} from './status-list-verifier.js';
export { inMemoryStores, type InMemoryStoresOptions, type Stores } from './stores/in-memory-stores.js';
export type { JsonValue, RecordKey, RecordStore, StoredRecord } from './stores/record-store.js';
export { recordText } from './stores/record-text.js';
export type { Reservation, SingleUseStore } from './stores/single-use-store.js';
export type { Verifier } from './verifier.js';
export type { VerificationContext } from './verify-token.js';
