import { isAssayError } from '../assay-error.js';
import { confirmationOf } from '../binding/confirmation.js';
import type { EvidenceTrace } from '../evidence-trace.js';
import type { FailureCode } from '../failures.js';
import { Principal } from '../principal.js';
import { isListOf, isNonEmptyString, isString } from '../rules/shapes.js';
import { digestOfToken, fingerprintFrom } from '../steps/token-digest.js';
import { maximumTokenLength } from '../steps/parse-token.js';
import type {
  AuditDecision,
  AuditDecisionRecord,
  AuditRecordBase,
  AuditRule,
  UnverifiedAuditFields,
} from './audit-record.js';
import { harmlessText, harmlessTexts } from './harmless-text.js';
import type { AuditIdentities } from './identities.js';

/** A decision about one request, as whoever answers it knows it. */
export interface Decision {
  /** Who was let in; absent for anonymous requests and for those that failed before anybody was known. */
  readonly principal?: Principal | undefined;
  /** Why nobody was let in. */
  readonly error?: unknown;
  /** The status of the answer. */
  readonly status: number;
  readonly requestId: string;
  readonly route?: string | undefined;
  readonly action?: string | undefined;
}

/** The record of a decision: verified claims as they are, unverified ones marked, and never a token. */
export function decisionRecord(
  decision: Decision,
  trace: EvidenceTrace,
  time: string,
  identities: AuditIdentities,
): AuditDecisionRecord {
  const principal = decision.principal ?? verifiedPrincipal(trace);
  const { route, action, requestId, status } = decision;
  return withoutAbsent({
    event: 'decision',
    time,
    requestId: harmlessText(requestId),
    decision: verdictOf(decision),
    status,
    code: codeOf(decision.error),
    route: textIfAny(route),
    action: textIfAny(action),
    profile: trace.judgedBy?.profile.name,
    ...(principal === undefined ? unidentified(trace, identities) : identityOf(principal, identities)),
    ...(principal === undefined ? {} : rightsOf(principal)),
    ...headerOf(trace),
    rules: rulesOf(trace),
  });
}

function codeOf(error: unknown): FailureCode | undefined {
  if (error === undefined) return undefined;
  return isAssayError(error) ? error.code : 'service.failed';
}

function verdictOf({ error, principal }: Decision): AuditDecision {
  if (error === undefined) return principal === undefined ? 'anonymous' : 'accepted';
  return isAssayError(error) && error.failure.fault !== 'service' ? 'refused' : 'undetermined';
}

/** What the claims of a token say whose signature is good, whatever else is wrong with it. */
function verifiedPrincipal({ verified, judgedBy }: EvidenceTrace): Principal | undefined {
  if (verified === undefined) return undefined;
  const reading = judgedBy?.profile.reading;
  return Principal.from({ ...verified, ...(reading === undefined ? {} : { reading }) });
}

/** Who and which token, as records name them. */
export function identityOf(
  { issuer, subject, actors, clientId, tokenId, fingerprint, transactionId }: Principal,
  identities: AuditIdentities,
): Omit<AuditRecordBase, 'time' | 'requestId'> {
  return withoutAbsent({
    issuer: harmlessText(issuer),
    subject: subject === '' ? undefined : identities.subject(issuer, subject),
    actors:
      actors.length === 0
        ? undefined
        : actors.map((actor) => ({
            issuer: harmlessText(actor.issuer),
            subject: identities.subject(actor.issuer, actor.subject),
          })),
    clientId: clientId === '' ? undefined : harmlessText(clientId),
    tokenId: tokenId === '' ? undefined : harmlessText(tokenId),
    fingerprint: identities.fingerprint(fingerprint),
    transactionId: transactionId && harmlessText(transactionId),
  });
}

function rightsOf({
  audience,
  expiresAt,
  scopes,
  authorizationDetails,
  claims,
}: Principal): Partial<AuditDecisionRecord> {
  const reading = confirmationOf(claims);
  return withoutAbsent({
    audience: harmlessTexts(audience),
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
    scopes: harmlessTexts(scopes),
    authorizationDetails:
      authorizationDetails.length === 0
        ? undefined
        : authorizationDetails.slice(0, 100).map(({ type, actions, locations }) =>
            withoutAbsent({
              type: harmlessText(type),
              actions: textsIfAny(actions),
              locations: textsIfAny(locations),
            }),
          ),
    confirmation: reading.kind === 'bound' ? Object.keys(reading.to) : undefined,
  });
}

/** `kid`, `alg` and `typ` count as verified with the signature. */
function headerOf({ verified }: EvidenceTrace): Partial<AuditDecisionRecord> {
  if (verified === undefined) return {};
  const { kid, alg, typ } = verified.header;
  return withoutAbsent({ keyId: textIfAny(kid), algorithm: textIfAny(alg), type: textIfAny(typ) });
}

/** A token of which nobody knows who made it. */
function unidentified(
  { presented, unverified }: EvidenceTrace,
  identities: AuditIdentities,
): Partial<AuditDecisionRecord> {
  const fingerprint =
    presented === undefined || presented.length > maximumTokenLength
      ? undefined
      : identities.fingerprint(fingerprintFrom(digestOfToken(presented)));
  if (unverified === undefined) return withoutAbsent({ fingerprint });
  const { header, unverifiedClaims: claims } = unverified;
  const said: UnverifiedAuditFields = withoutAbsent({
    issuer: textIfAny(claims['iss']),
    subject: textIfAny(claims['sub']) && identities.subject('', String(claims['sub'])),
    clientId: textIfAny(claims['client_id']),
    keyId: textIfAny(header.kid),
    algorithm: textIfAny(header.alg),
    type: textIfAny(header.typ),
    tokenId: textIfAny(claims['jti']),
  });
  return withoutAbsent({ fingerprint, unverified: said });
}

/** Every rule with its verdict. Rules are pure, so asking them again changes nothing. */
function rulesOf({ verified, judgedBy }: EvidenceTrace): readonly AuditRule[] | undefined {
  if (verified === undefined || judgedBy === undefined) return undefined;
  const { profile, expected } = judgedBy;
  return profile.rules.map(({ guarantees, check }) => ({
    rule: guarantees,
    verdict: check(verified, expected) === undefined ? 'satisfied' : 'rejected',
  }));
}

function textIfAny(value: unknown): string | undefined {
  return isNonEmptyString(value) ? harmlessText(value) : undefined;
}

function textsIfAny(value: unknown): readonly string[] | undefined {
  return isListOf(isString)(value) ? harmlessTexts(value) : undefined;
}

type Present<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

/** The fields that have a value. */
function withoutAbsent<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;
}
