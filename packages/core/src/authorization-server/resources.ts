import { AssayError } from '../assay-error.js';
import { isScopeToken } from '../requirements/scope.js';

/** A resource server that tokens are issued for. */
export interface Resource {
  /** The identifier that clients ask for (RFC 8707). */
  readonly resource: string;
  /** What `aud` is. */
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Units: seconds. */
  readonly accessTokenLifetimeSeconds: number;
}

/** Every resource server that tokens are issued for, and the one that is meant where nothing else is said. */
export interface ResourceCatalogue {
  readonly resources: ReadonlyMap<string, Resource>;
  readonly defaultResource: Resource | undefined;
}

/** What a client asks for. */
export interface TargetRequest {
  /** The `resource` parameters. None: the default, or the one that the scopes belong to. */
  readonly resources: readonly string[];
  /** The scopes asked for. Undefined: all that are allowed. */
  readonly scopes: readonly string[] | undefined;
}

/** For which resource a token will be, and with which scopes. */
export interface Target {
  readonly resource: Resource;
  readonly scopes: readonly string[];
}

/**
 * The resource and the scopes that a request gets: one resource, and of the scopes those that belong to it.
 *
 * Error: `grant.scope-refused` for scopes that are not allowed or belong to different resources,
 * `grant.resource-refused` for a resource that is unknown, not allowed, ambiguous or one of several.
 * Spec: RFC 8707 section 2; RFC 9068 section 3; RFC 6749 section 3.3.
 */
export function chooseTarget(
  { resources, scopes }: TargetRequest,
  allowedScopes: readonly string[],
  catalogue: ResourceCatalogue,
): Target {
  if (
    scopes !== undefined &&
    !scopes.every((scope) => isScopeToken(scope) && allowedScopes.includes(scope))
  ) {
    throw scopeRefused();
  }
  const resource =
    resources.length === 0 ? inferResource(scopes, catalogue) : namedResource(resources, catalogue);
  const usable = allowedScopes.filter((scope) => resource.scopes.includes(scope));
  // A grant without any scope at a resource has no business there.
  if (resource.scopes.length > 0 && usable.length === 0) throw resourceRefused();
  if (scopes === undefined) return { resource, scopes: usable };
  const granted = usable.filter((scope) => scopes.includes(scope));
  if (granted.length === 0) throw scopeRefused();
  return { resource, scopes: granted };
}

function namedResource(names: readonly string[], { resources }: ResourceCatalogue): Resource {
  const [name, ...others] = new Set(names);
  const resource = name === undefined || others.length > 0 ? undefined : resources.get(name);
  if (resource === undefined) throw resourceRefused();
  return resource;
}

function inferResource(
  scopes: readonly string[] | undefined,
  { resources, defaultResource }: ResourceCatalogue,
): Resource {
  const owners = [...resources.values()].filter((resource) =>
    scopes?.every((scope) => resource.scopes.includes(scope)),
  );
  if (scopes !== undefined && owners.length === 0) throw scopeRefused();
  const [owner] = owners;
  const inferred = owner !== undefined && owners.length === 1 ? owner : defaultResource;
  if (inferred === undefined || (scopes !== undefined && !owners.includes(inferred))) throw resourceRefused();
  return inferred;
}

const scopeRefused = () => new AssayError('grant.scope-refused', { claim: 'scope', reason: 'mismatch' });
const resourceRefused = () =>
  new AssayError('grant.resource-refused', { claim: 'resource', reason: 'mismatch' });
