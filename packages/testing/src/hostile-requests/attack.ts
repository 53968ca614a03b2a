import type { FailureCode } from '@assay/core';
import type { Material } from './material.js';

/** How a hostile request has to be answered. */
export interface Refusal {
  readonly status: 400 | 401 | 403;
  /** The wire's word in challenge and body; undefined where none may be said (RFC 6750 section 3.1). */
  readonly error: string | undefined;
  readonly failure: FailureCode;
}

/** What a request carries. */
export interface RequestParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, string>>;
}

/** One attack: what is sent, and how that has to be answered. */
export interface Attack {
  readonly name: string;
  /** The row of the matrices that it belongs to. */
  readonly spec: string;
  readonly refusal: Refusal;
  readonly request: (material: Material) => RequestParts;
}

/** A line of a table of tokens: what the token is like, the token, and its failure where that differs from the table's. */
export type HostileToken = readonly [
  name: string,
  token: (material: Material) => string,
  failure?: FailureCode,
];

/** The refusal of a token that is not acceptable. */
export function invalidToken(failure: FailureCode): Refusal {
  return { status: 401, error: 'invalid_token', failure };
}

/** The refusal of credentials that are not written as they have to be. */
export function invalidRequest(failure: FailureCode): Refusal {
  return { status: 400, error: 'invalid_request', failure };
}

/** The answer to a request without credentials: a challenge that says nothing of an error. */
export const noCredentials: Refusal = { status: 401, error: undefined, failure: 'request.token-missing' };

/** The refusal of a token that does not grant the scope. */
export const insufficientScope: Refusal = {
  status: 403,
  error: 'insufficient_scope',
  failure: 'scope.insufficient',
};

/** The attacks of one row whose tokens come in the `Authorization` header and are all refused as invalid. */
export function tokenAttacks(
  spec: string,
  usualFailure: FailureCode,
  tokens: readonly HostileToken[],
): readonly Attack[] {
  return tokens.map(([name, token, failure = usualFailure]) => ({
    name,
    spec,
    refusal: invalidToken(failure),
    request: (material) => bearer(token(material)),
  }));
}

/** A request that carries a token as it should. */
export function bearer(token: string): RequestParts {
  return { headers: { authorization: `Bearer ${token}` } };
}
