import { AssayError } from '../assay-error.js';
import type { Principal } from '../principal.js';
import { SetupError } from '../setup-error.js';
import type { DisclosedScopes, Requirement } from './requirement.js';

/** How a scope requirement is answered. */
export interface ScopeDisclosure {
  /** Whether the challenge names the required scopes. Default true. */
  readonly disclosed?: boolean;
}

/** The scopes one by one, or as a list with options. */
export type ScopeArguments =
  readonly string[] | readonly [scopes: readonly string[], disclosure?: ScopeDisclosure];

/**
 * The token grants all of these scopes, and so do the own rights of whoever acts for the subject, where those are bounded
 * (`scopesOfActor`).
 *
 * Error: `scope.insufficient`; `permission.actor-refused` where only the actor lacks one.  Throws: `SetupError` for an empty list or an impossible scope.
 * Spec: RFC 6750 section 3.1; RFC 9068 section 4.
 */
export function scope(...args: ScopeArguments): Requirement {
  const { scopes, disclosed } = scopesOf(args);
  return {
    description: `scope ${scopes.join(' ')}`,
    ...disclosure('all', { scopes, disclosed }),
    check: (principal) => {
      if (scopes.every((name) => principal.hasScope(name))) return undefined;
      if (scopes.some((name) => isWithheld(name, principal))) return beyondTheActor();
      return insufficient(disclosed ? scopes : undefined);
    },
  };
}

/**
 * The token grants at least one of these scopes, and so do the own rights of whoever acts for the subject, where those
 * are bounded (`scopesOfActor`).
 *
 * Error: `scope.insufficient`; `permission.actor-refused` where only the actor lacks them.  Throws: `SetupError` for an empty list or an impossible scope.
 * Spec: RFC 6750 section 3.1; RFC 9068 section 4.
 */
export function anyScope(...args: ScopeArguments): Requirement {
  const { scopes, disclosed } = scopesOf(args);
  return {
    description: `any scope of ${scopes.join(' ')}`,
    ...disclosure('any', { scopes, disclosed }),
    check: (principal) => {
      if (scopes.some((name) => principal.hasScope(name))) return undefined;
      const obtainable = scopes.filter((name) => !isWithheld(name, principal));
      if (obtainable.length === 0) return beyondTheActor();
      return insufficient(disclosed ? obtainable : undefined);
    },
  };
}

// RFC 6749 section 3.3.
const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a text is one scope (RFC 6749 section 3.3): printable ASCII without space, quote and backslash. */
export function isScopeToken(text: string): boolean {
  return scopeToken.test(text);
}

function scopesOf(args: ScopeArguments): { scopes: readonly string[]; disclosed: boolean } {
  const [first, disclosure] = args as readonly [scopes: readonly string[], disclosure?: ScopeDisclosure];
  const scopes = Array.isArray(first) ? [...(first as readonly string[])] : [...(args as readonly string[])];
  if (scopes.length === 0) {
    throw new SetupError({
      option: 'scope',
      problem: 'the list of required scopes is empty',
      remedy: 'Name at least one scope, or drop the requirement.',
    });
  }
  for (const name of scopes) {
    if (typeof name === 'string' && isScopeToken(name)) continue;
    throw new SetupError({
      option: 'scope',
      problem: `${JSON.stringify(name)} cannot be a scope`,
      remedy:
        'Give each scope as a string of its own, of printable ASCII without spaces, quotes and backslashes.',
    });
  }
  const { disclosed = true } = Array.isArray(first) ? (disclosure ?? {}) : {};
  return { scopes, disclosed };
}

function disclosure(
  match: DisclosedScopes['match'],
  { scopes, disclosed }: ReturnType<typeof scopesOf>,
): Pick<Requirement, 'disclosedScopes'> {
  return disclosed ? { disclosedScopes: { match, scopes } } : {};
}

function insufficient(requiredScopes: readonly string[] | undefined): AssayError {
  return new AssayError('scope.insufficient', { claim: 'scope', reason: 'mismatch', requiredScopes });
}

/** Whether the token grants a scope that the current actor does not have: no other token would help. */
function isWithheld(name: string, { withheldScopes }: Principal): boolean {
  return withheldScopes.includes(name);
}

function beyondTheActor(): AssayError {
  return new AssayError('permission.actor-refused', { claim: 'act', reason: 'mismatch' });
}
