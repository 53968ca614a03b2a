import type { FailureCode } from '../failures.js';

/** What was decided. `undetermined`: our own side failed, and the evidence may be good or bad. */
export type AuditDecision = 'accepted' | 'refused' | 'undetermined' | 'anonymous';

/** Who acts for the subject, as far as a record tells. */
export interface AuditActor {
  readonly issuer: string;
  readonly subject: string;
}

/** A right that a token grants, without what is particular to its type: that may be anything. */
export interface AuditAuthorizationDetail {
  readonly type: string;
  readonly actions?: readonly string[];
  readonly locations?: readonly string[];
}

/** One rule, and what became of it. */
export interface AuditRule {
  readonly rule: string;
  readonly verdict: 'satisfied' | 'rejected';
}

/** What a JWT says of itself whose signature nobody has verified. Anybody may have written it. */
export interface UnverifiedAuditFields {
  readonly issuer?: string;
  readonly subject?: string;
  readonly clientId?: string;
  readonly keyId?: string;
  readonly algorithm?: string;
  readonly type?: string;
  readonly tokenId?: string;
}

/** What every record says. */
export interface AuditRecordBase {
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  readonly requestId: string;
  readonly issuer?: string;
  /** As the issuer names it, or keyed where subjects are pseudonyms. */
  readonly subject?: string;
  /** The current actor first. */
  readonly actors?: readonly AuditActor[];
  readonly clientId?: string;
  readonly tokenId?: string;
  /** Identifies the token, and cannot be used as one. */
  readonly fingerprint?: string;
  /** Links request, approval, token, call and side effect: the `txn` of the token. */
  readonly transactionId?: string;
}

/** The record of one decision. Never a token, proof, assertion or key. */
export interface AuditDecisionRecord extends AuditRecordBase {
  readonly event: 'decision';
  readonly decision: AuditDecision;
  /** The status of the answer; 200 where there is no HTTP. */
  readonly status: number;
  readonly code?: FailureCode;
  /** The route as the application declares it, without what was filled in. */
  readonly route?: string;
  /** The method, or what else the framework calls what is done to the route. */
  readonly action?: string;
  readonly profile?: string;
  readonly audience?: readonly string[];
  readonly keyId?: string;
  readonly algorithm?: string;
  readonly type?: string;
  /** Units: seconds since the epoch. */
  readonly expiresAt?: number;
  readonly scopes?: readonly string[];
  readonly authorizationDetails?: readonly AuditAuthorizationDetail[];
  /** How the token is bound to a key: `jkt` (DPoP), `x5t#S256` (mutual TLS), both or neither. */
  readonly confirmation?: readonly string[];
  readonly rules?: readonly AuditRule[];
  readonly unverified?: UnverifiedAuditFields;
}

/** The record of what an application did for a principal. */
export interface AuditActionRecord extends AuditRecordBase {
  readonly event: 'action';
  readonly action: string;
  readonly outcome: string;
}

/** What an `AuditSink` is given. */
export type AuditRecord = AuditDecisionRecord | AuditActionRecord;

/**
 * Where records go. It may answer at once or later, fail, or never answer: no decision waits for it or changes.
 */
export interface AuditSink {
  readonly record: (record: AuditRecord) => void | Promise<void>;
}
