import { isScopeToken } from '../requirements/scope.js';
import { positiveSeconds } from '../settings/numbers.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { Resource, ResourceCatalogue } from './resources.js';

/** A resource server that tokens are issued for. */
export interface ResourceOptions {
  /** Its identifier: an absolute URI without a fragment (RFC 8707 section 2). */
  readonly resource: string;
  /** What `aud` is, where that is not the identifier. */
  readonly audience?: string;
  /** The scopes that it understands. Default: none. */
  readonly scopes?: readonly string[];
  /** Units: seconds. Default 300. */
  readonly accessTokenLifetimeSeconds?: number;
}

/** What no resource may be called: it would make its tokens look like something else. */
export interface TakenNames {
  readonly issuer: string;
  readonly clientIds: readonly string[];
}

const defaultLifetimeSeconds = 300;

const resourceOptionNames = [
  'resource',
  'audience',
  'scopes',
  'accessTokenLifetimeSeconds',
] as const satisfies (keyof ResourceOptions)[];

/**
 * The resources that some options name, each with an audience of its own.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 sections 3 and 5; RFC 8707 section 2.
 */
export function resourceCatalogueFrom(
  options: { readonly resources: readonly ResourceOptions[]; readonly defaultResource?: string | undefined },
  taken: TakenNames,
): ResourceCatalogue {
  if (!Array.isArray(options.resources) || options.resources.length === 0) {
    throw new SetupError({
      option: 'resources',
      problem: 'there is no resource to issue tokens for',
      remedy: "Name at least one, for instance { resource: 'https://api.example', scopes: ['orders:read'] }.",
    });
  }
  const list = options.resources.map((entry: ResourceOptions, index) => {
    const where = `resources[${String(index)}]`;
    knownOptionsOnly(entry, resourceOptionNames, where);
    return resourceFrom(entry, where);
  });
  list.forEach((entry, index) => {
    requireOwnName(entry, `resources[${String(index)}]`, { others: list.slice(0, index), taken });
  });
  const resources = new Map(list.map((entry) => [entry.resource, entry]));
  return { resources, defaultResource: defaultFrom(options.defaultResource, resources) };
}

function resourceFrom(
  { resource, audience = resource, scopes = [], accessTokenLifetimeSeconds }: ResourceOptions,
  where: string,
): Resource {
  if (typeof resource !== 'string' || !URL.canParse(resource) || resource.includes('#')) {
    throw new SetupError({
      option: `${where}.resource`,
      problem: 'it is not an absolute URI without a fragment',
      remedy: "Give an identifier such as 'https://api.example'.",
    });
  }
  if (typeof audience !== 'string' || audience === '') {
    throw new SetupError({
      option: `${where}.audience`,
      problem: 'it is not a string with something in it',
      remedy: 'Leave it out, so that aud is the resource.',
    });
  }
  const lifetime = accessTokenLifetimeSeconds ?? defaultLifetimeSeconds;
  return {
    resource,
    audience,
    scopes: scopesFrom(scopes, `${where}.scopes`),
    accessTokenLifetimeSeconds: positiveSeconds(lifetime, `${where}.accessTokenLifetimeSeconds`),
  };
}

/**
 * The scopes, each one possible, none twice.
 *
 * Throws: `SetupError`.
 */
export function scopesFrom(scopes: unknown, option: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(scopes) ? scopes : [undefined];
  const usable = list.filter((scope): scope is string => typeof scope === 'string' && isScopeToken(scope));
  if (usable.length === list.length) return [...new Set(usable)];
  throw new SetupError({
    option,
    problem: 'it is not a list of scopes',
    remedy:
      'Give each scope as a string of its own, of printable ASCII without spaces, quotes and backslashes.',
  });
}

function requireOwnName(
  { resource, audience }: Resource,
  where: string,
  { others, taken }: { others: readonly Resource[]; taken: TakenNames },
): void {
  const refuse = (problem: string, remedy: string) =>
    new SetupError({ option: `${where}.resource`, problem, remedy });
  const names = [resource, audience];
  if (others.some((other) => names.includes(other.resource) || names.includes(other.audience))) {
    throw refuse('another resource has this identifier', 'Give each resource an identifier of its own.');
  }
  if (names.includes(taken.issuer)) {
    throw refuse(
      'it is the issuer identifier',
      'Give the resource server an identifier of its own, so that its tokens are nothing to the authorization server.',
    );
  }
  if (names.some((name) => taken.clientIds.includes(name))) {
    throw refuse(
      'it is a client identifier',
      'Give the resource server an identifier that no client has: aud of an ID token is a client.',
    );
  }
}

function defaultFrom(
  name: string | undefined,
  resources: ReadonlyMap<string, Resource>,
): Resource | undefined {
  const [only] = resources.values();
  if (name === undefined) return resources.size === 1 ? only : undefined;
  const resource = resources.get(name);
  if (resource !== undefined) return resource;
  throw new SetupError({
    option: 'defaultResource',
    problem: 'it is none of the resources',
    remedy: `Use one of ${[...resources.keys()].join(', ')}.`,
  });
}
