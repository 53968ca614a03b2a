import type { Claims, SignedStatement } from './evidence.js';
import { audienceList } from './rules/audience-names-this-resource.js';
import { isListOf, isNumericDate, isString } from './rules/shapes.js';

/** Whether the subject is a person or a client that acts for itself, as far as the token tells. */
export type SubjectKind = 'user' | 'client' | 'unknown';

/** How and when the user was authenticated (RFC 9068 section 2.2.1). */
export interface Authentication {
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** Units: seconds since the epoch. */
  readonly authTime: number | undefined;
}

/** What a principal is made from: the claims that were accepted, and what identifies the token. */
export type PrincipalSource = Pick<SignedStatement, 'claims' | 'issuer' | 'fingerprint'>;

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
  readonly scopes: readonly string[];
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

  private constructor({ claims, issuer, fingerprint }: PrincipalSource) {
    this.issuer = issuer;
    this.subject = stringOf(claims['sub']) ?? '';
    this.clientId = stringOf(claims['client_id']) ?? '';
    this.subjectKind = subjectKindOf(claims);
    this.audience = Object.freeze([...(audienceList(claims['aud']) ?? [])]);
    this.scopes = Object.freeze(scopeList(claims['scope']));
    this.authentication = Object.freeze(authenticationOf(claims));
    this.confirmation = claims['cnf'] as Claims | undefined;
    this.expiresAt = numberOf(claims['exp']) ?? 0;
    this.tokenId = stringOf(claims['jti']) ?? '';
    this.transactionId = stringOf(claims['txn']);
    this.fingerprint = fingerprint;
    this.claims = deepFreeze(claims);
    Object.freeze(this);
  }

  /** Whether the token grants a scope. Comparison is exact. */
  hasScope(scope: string): boolean {
    return this.scopes.includes(scope);
  }

  /** The principal of an accepted token, or of made-up claims in a test. Checks nothing: that is the verifier's work. */
  static from(source: PrincipalSource): Principal {
    return new Principal(source);
  }
}

/** The members of a `scope` claim or parameter (RFC 6749 section 3.3). */
export function scopeList(scope: unknown): readonly string[] {
  return isString(scope) ? scope.split(' ').filter((member) => member !== '') : [];
}

// RFC 9068 section 5: `sub` equal to `client_id` is a client; only a login leaves traces of a login.
function subjectKindOf(claims: Claims): SubjectKind {
  if (claims['sub'] === claims['client_id']) return 'client';
  const showsLogin = ['auth_time', 'acr', 'amr'].some((claim) => claims[claim] !== undefined);
  return showsLogin ? 'user' : 'unknown';
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

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
