import { AssayError } from '../assay-error.js';
import { Principal, type PrincipalSource } from '../principal.js';
import { isListOf, isString } from '../rules/shapes.js';
import type { Actor } from './actor.js';

/**
 * The scopes that an actor may use, whoever it acts for. It is asked for the current actor alone: the earlier ones of a
 * chain have no say.
 */
export type ScopesOfActor = (
  actor: Actor,
  context: { readonly principal: Principal },
) => readonly string[] | Promise<readonly string[]>;

/**
 * The principal of an accepted token. Where somebody acts for the subject, the scopes that count are those that both of
 * them have: what the token grants, and what the actor may do itself.
 *
 * Error: `service.failed` when the application cannot tell what the actor may do.
 * Spec: RFC 8693 section 1.1.
 */
export async function principalWithinActor(
  source: PrincipalSource,
  scopesOfActor: ScopesOfActor | undefined,
): Promise<Principal> {
  const principal = Principal.from(source);
  const [actor] = principal.actors;
  if (actor === undefined || scopesOfActor === undefined) return principal;
  return Principal.from({ ...source, scopesOfActor: await answerOf(scopesOfActor, actor, principal) });
}

async function answerOf(
  scopesOfActor: ScopesOfActor,
  actor: Actor,
  principal: Principal,
): Promise<readonly string[]> {
  try {
    const scopes: unknown = await scopesOfActor(actor, { principal });
    if (isListOf(isString)(scopes)) return scopes;
  } catch (cause) {
    throw new AssayError('service.failed', { cause });
  }
  throw new AssayError('service.failed');
}
