import { areAuthorizationDetails, type AuthorizationDetail } from './authorization-details.js';
import { actorsOf, type Actor } from './delegation/actor.js';
import { deepFreeze } from './encoding/deep-freeze.js';
import type { Claims, SignedStatement } from './evidence.js';
import {
  firstPresent,
  standardReading,
  type ClaimReading,
  type SubjectKind,
} from './profiles/claim-reading.js';
import { audienceList } from './rules/audience-names-this-resource.js';
import { isListOf, isNumericDate, isString } from './rules/shapes.js';

/** How and when the user was authenticated (RFC 9068 section 2.2.1). */
export interface Authentication {
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** Units: seconds since the epoch. */
  readonly authTime: number | undefined;
}

/** What a principal is made from: the claims that were accepted, and what identifies the token. */
export type PrincipalSource = Pick<SignedStatement, 'claims' | 'issuer' | 'fingerprint'> & {
  /** Default: the names of RFC 9068. */
  readonly reading?: ClaimReading;
  /** What the current actor may do itself; the other scopes of the token do not count. Default: all of them count. */
  readonly scopesOfActor?: readonly string[];
};

/**
 * What a request proved to be: the claims of an accepted access token, frozen, without the token.
 *
 * A class, so that it can stand in a decorated signature.
 */
export class Principal {
  /** Who issued the token. Identity is `issuer` and `subject` together (RFC 8725 section 3.8). */
  readonly issuer: string;
  readonly subject: string;
  readonly subjectKind: SubjectKind;
  readonly clientId: string;
  readonly audience: readonly string[];
  /** The scopes that count: those of the token, within what the current actor may do where that is bounded. */
  readonly scopes: readonly string[];
  /** The scopes that the token grants and that do not count, because the current actor does not have them itself. */
  readonly withheldScopes: readonly string[];
  /**
   * Who acts for the subject, the current one first; nobody where the subject comes itself. Only the first has a say in
   * what is permitted: the others are history, for the record (RFC 8693 section 4.1).
   */
  readonly actors: readonly Actor[];
  /** The fine-grained rights of the token (RFC 9396). */
  readonly authorizationDetails: readonly AuthorizationDetail[];
  readonly authentication: Authentication;
  readonly confirmation: Claims | undefined;
  /** Units: seconds since the epoch. */
  readonly expiresAt: number;
  readonly tokenId: string;
  readonly transactionId: string | undefined;
  /** A digest that identifies the token and cannot be used as one. */
  readonly fingerprint: string;
  /** Every claim of the token, deep-frozen. */
  readonly claims: Claims;

  private constructor(source: PrincipalSource) {
    const { claims, issuer, fingerprint, reading = standardReading, scopesOfActor } = source;
    const read = (names: readonly string[]) => firstPresent(claims, names);
    const granted = reading.scopes(claims);
    this.issuer = issuer;
    this.subject = stringOf(claims['sub']) ?? '';
    this.clientId = stringOf(read(reading.clientId)) ?? '';
    this.subjectKind = reading.subjectKind(claims);
    this.audience = Object.freeze([...(audienceList(read(reading.audience)) ?? [])]);
    this.scopes = Object.freeze(granted.filter((scope) => scopesOfActor?.includes(scope) ?? true));
    this.withheldScopes =
      scopesOfActor === undefined
        ? none
        : Object.freeze(granted.filter((scope) => !scopesOfActor.includes(scope)));
    this.actors = actorsOf(claims['act'], issuer) ?? none;
    this.authorizationDetails = authorizationDetailsOf(claims);
    this.authentication = Object.freeze(authenticationOf(claims));
    this.confirmation = claims['cnf'] as Claims | undefined;
    this.expiresAt = numberOf(claims['exp']) ?? 0;
    this.tokenId = stringOf(read(reading.tokenId)) ?? '';
    this.transactionId = stringOf(claims['txn']);
    this.fingerprint = fingerprint;
    this.claims = deepFreeze(claims);
    Object.freeze(this);
  }

  /** Whether a scope is granted, and counts. Comparison is exact. */
  hasScope(scope: string): boolean {
    return this.scopes.includes(scope);
  }

  /** The principal of an accepted token, or of made-up claims in a test. Checks nothing: that is the verifier's work. */
  static from(source: PrincipalSource): Principal {
    return new Principal(source);
  }
}

const none: readonly never[] = Object.freeze([]);

function authorizationDetailsOf({ authorization_details: details }: Claims): readonly AuthorizationDetail[] {
  return areAuthorizationDetails(details) ? Object.freeze([...details]) : none;
}

function authenticationOf(claims: Claims): Authentication {
  const amr = claims['amr'];
  return {
    acr: stringOf(claims['acr']),
    amr: Object.freeze(isListOf(isString)(amr) ? [...amr] : []),
    authTime: numberOf(claims['auth_time']),
  };
}

function stringOf(value: unknown): string | undefined {
  return isString(value) ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return isNumericDate(value) ? value : undefined;
}
