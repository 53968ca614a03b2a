import type { Claims } from '../evidence.js';
import { isNonEmptyString } from '../rules/shapes.js';

/** Who acts for the subject, as the `act` claim of the token says (RFC 8693 section 4.1). */
export interface Actor {
  /** Who knows the actor by this subject: its own `iss`, or else the issuer of the token. */
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string | undefined;
  /** Everything that says who the actor is. Times, audiences, scopes and the like mean nothing here, and are left out. */
  readonly claims: Claims;
}

/** How many actors a token may name, the current one included. */
export const maximumActorDepth = 10;

/** The members of `act` that speak of a token, or of another actor, and not of who this one is. */
const saysNothingOfWho = new Set([
  'act',
  'may_act',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'scope',
  'cnf',
  'authorization_details',
]);

/**
 * The actors that an `act` claim names, the current one first; none where there is no such claim. `undefined` where it
 * is malformed: no object, a member that names nobody by a text, or more actors than `maximumActorDepth`.
 *
 * Spec: RFC 8693 section 4.1.
 */
export function actorsOf(act: unknown, tokenIssuer: string): readonly Actor[] | undefined {
  const actors: Actor[] = [];
  for (let named = act; named !== undefined; named = named['act']) {
    if (!namesSomebody(named) || actors.length === maximumActorDepth) return undefined;
    actors.push(actorFrom(named, tokenIssuer));
  }
  return Object.freeze(actors);
}

function namesSomebody(act: unknown): act is Claims & { readonly sub: string } {
  if (typeof act !== 'object' || act === null || Array.isArray(act)) return false;
  const { sub, iss, client_id: clientId } = act as Claims;
  return (
    isNonEmptyString(sub) && [iss, clientId].every((name) => name === undefined || isNonEmptyString(name))
  );
}

function actorFrom(act: Claims & { readonly sub: string }, tokenIssuer: string): Actor {
  const { sub, iss, client_id: clientId } = act;
  return Object.freeze({
    issuer: isNonEmptyString(iss) ? iss : tokenIssuer,
    subject: sub,
    clientId: isNonEmptyString(clientId) ? clientId : undefined,
    claims: Object.freeze(
      Object.fromEntries(Object.entries(act).filter(([name]) => !saysNothingOfWho.has(name))),
    ),
  });
}
