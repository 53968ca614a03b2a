import type { Claims } from '../evidence.js';
import { isString } from '../rules/shapes.js';

/** Whether the subject is a person or a client that acts for itself, as far as the token tells. */
export type SubjectKind = 'user' | 'client' | 'unknown';

/**
 * Under which names an issuer's access tokens carry what RFC 9068 names. Of several names the first that is present
 * counts.
 */
export interface ClaimReading {
  readonly clientId: readonly string[];
  readonly scopes: (claims: Claims) => readonly string[];
  readonly tokenId: readonly string[];
  readonly audience: readonly string[];
  readonly subjectKind: (claims: Claims) => SubjectKind;
}

/** The names of RFC 9068 section 2.2. */
export const standardReading: ClaimReading = {
  clientId: ['client_id'],
  scopes: ({ scope }) => scopeList(scope),
  tokenId: ['jti'],
  audience: ['aud'],
  subjectKind: subjectKindByClientId('client_id'),
};

/**
 * Tells a client from a user: `sub` equal to the client identifier is a client; only a login leaves traces of a login.
 *
 * Spec: RFC 9068 sections 2.2.1 and 5.
 */
export function subjectKindByClientId(clientIdClaim: string): ClaimReading['subjectKind'] {
  return (claims) => {
    if (claims['sub'] === claims[clientIdClaim]) return 'client';
    const showsLogin = ['auth_time', 'acr', 'amr'].some((claim) => claims[claim] !== undefined);
    return showsLogin ? 'user' : 'unknown';
  };
}

/** The members of a `scope` claim or parameter (RFC 6749 section 3.3). */
export function scopeList(scope: unknown): readonly string[] {
  return isString(scope) ? scope.split(' ').filter((member) => member !== '') : [];
}

/** The first of some claims that is present. */
export function firstPresent(claims: Claims, names: readonly string[]): unknown {
  const name = names.find((candidate) => claims[candidate] !== undefined);
  return name === undefined ? undefined : claims[name];
}
