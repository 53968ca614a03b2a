import type { Requirement } from '@assay/core';
import { accessOf } from '../report/guarded-handler.js';
import type { SecurityRequirement } from './open-api-document.js';
import { schemeName } from './security-schemes.js';
import type { ServedHandler } from './served-operations.js';

/**
 * The ways in which a request may be let in to one of some handlers; none are needed where the list is empty.
 *
 * Of what is demanded only scopes are named, and of those only the disclosed ones.
 */
export function securityOf(
  handlers: readonly ServedHandler[],
  takesScopes: (scheme: string) => boolean,
): readonly SecurityRequirement[] {
  const ways = handlers.flatMap((handler) => waysInto(handler, takesScopes));
  const distinct = new Map(ways.map((way) => [JSON.stringify(way), way]));
  const anonymous = distinct.get('{}');
  distinct.delete('{}');
  if (anonymous === undefined || distinct.size === 0) return [...distinct.values()];
  return [anonymous, ...distinct.values()];
}

function waysInto(
  handler: ServedHandler,
  takesScopes: (scheme: string) => boolean,
): readonly SecurityRequirement[] {
  const access = accessOf(handler);
  if (access === 'public') return [{}];
  const schemes = handler.judgedBy.map(({ name }) => schemeName(name));
  const withToken = scopeChoices(handler.protection.requirements).map(
    // Each of several guards has to be satisfied.
    (scopes) => Object.fromEntries(schemes.map((scheme) => [scheme, takesScopes(scheme) ? scopes : []])),
  );
  return access === 'optional' ? [{}, ...withToken] : withToken;
}

/** The sets of disclosed scopes any of which a token has to grant. */
export function scopeChoices(requirements: readonly Requirement[]): readonly (readonly string[])[] {
  const choices = requirements.reduce<readonly (readonly string[])[]>(
    (choicesSoFar, { disclosedScopes }) => {
      if (disclosedScopes === undefined) return choicesSoFar;
      const { match, scopes } = disclosedScopes;
      const added = match === 'all' ? [scopes] : scopes.map((scope) => [scope]);
      return choicesSoFar.flatMap((choice) => added.map((more) => [...new Set([...choice, ...more])]));
    },
    [[]],
  );
  return choices.filter(
    (choice, index) =>
      !choices.some((other, place) => place !== index && isCovered(choice, other, index > place)),
  );
}

/** Whether another choice asks for less, or for the same and comes first. */
function isCovered(choice: readonly string[], other: readonly string[], comesFirst: boolean): boolean {
  if (!other.every((scope) => choice.includes(scope))) return false;
  return other.length < choice.length || comesFirst;
}
