import { isDeepStrictEqual } from 'node:util';
import { AssayError } from '../assay-error.js';
import { reached, type Claims, type SignedStatement, type VerifiedToken } from '../evidence.js';
import { scopeList, type ClaimReading } from '../profiles/claim-reading.js';
import { introspectedAgain } from '../profiles/introspected-token.js';
import { Principal } from '../principal.js';
import type { Expected } from '../rules/rule.js';
import { isString } from '../rules/shapes.js';
import { applyProfile } from '../steps/apply-profile.js';

/** The claims of an accepted token, and how they are read. */
export type AcceptedClaims = SignedStatement & { readonly reading: ClaimReading };

/**
 * The principal, within what the issuer says of its token now: the answer takes away, and never adds. The principal
 * itself where it takes nothing away.
 *
 * Error: `token.introspection-mismatch` where the answer is about somebody or something else; the finding's own code
 * where the answer says that the token is no good here.
 * Spec: RFC 7662 sections 2.2 and 4.
 */
export function limitedPrincipal(
  principal: Principal,
  token: AcceptedClaims,
  members: Claims,
  expected: Expected,
): Principal {
  refuseContradiction(principal, token.claims, members);
  const { audience: aud, expiresAt: exp } = principal;
  const claims = { aud, exp, ...('cnf' in token.claims ? { cnf: token.claims['cnf'] } : {}), ...members };
  applyProfile(reached<VerifiedToken>({ ...token, claims }), introspectedAgain, expected);
  return withinAnswer(principal, token, members);
}

/** The members that say what a token is and whose; where both sides name one, they have to agree. */
function refuseContradiction(principal: Principal, claims: Claims, members: Claims): void {
  const { issuer, subject, clientId, tokenId } = principal;
  const named: readonly (readonly [string, unknown])[] = [
    ['iss', issuer],
    ['sub', subject],
    ...(clientId === '' ? [] : [['client_id', clientId] as const]),
    ...(tokenId === '' ? [] : [['jti', tokenId] as const]),
    // A key that the token did not name was proven by nobody, and an actor that it did not name was judged by nobody.
    ['cnf', claims['cnf']],
    ['act', claims['act']],
  ];
  for (const [member, held] of named) {
    if (members[member] === undefined || isDeepStrictEqual(members[member], held)) continue;
    throw new AssayError('token.introspection-mismatch', { claim: member, reason: 'mismatch' });
  }
}

function withinAnswer(principal: Principal, token: AcceptedClaims, members: Claims): Principal {
  const { scope, authorization_details: details } = members;
  const scopes = scope === undefined ? principal.scopes : principal.scopes.filter(isIn(scopeList(scope)));
  const rights =
    details === undefined
      ? principal.authorizationDetails
      : principal.authorizationDetails.filter(isIn(details as readonly unknown[]));
  const takesNothing =
    scopes.length === principal.scopes.length && rights.length === principal.authorizationDetails.length;
  if (takesNothing) return principal;
  const { claims, issuer, fingerprint, reading } = token;
  return Principal.from({
    claims: {
      ...claims,
      ...(isString(claims['scope']) ? { scope: scopes.join(' ') } : {}),
      ...('authorization_details' in claims ? { authorization_details: rights } : {}),
    },
    issuer,
    fingerprint,
    reading: { ...reading, scopes: () => [...scopes, ...principal.withheldScopes] },
    ...(principal.withheldScopes.length === 0 ? {} : { scopesOfActor: scopes }),
  });
}

function isIn(list: readonly unknown[]) {
  return (value: unknown): boolean => list.some((member) => isDeepStrictEqual(member, value));
}
