import type { Algorithm } from '../algorithms.js';
import { isSecureUrl } from '../keys/secure-url.js';
import type { Requirement } from '../requirements/requirement.js';
import { isScopeToken } from '../requirements/scope.js';
import { isNonEmptyString } from '../rules/shapes.js';
import { algorithmsFrom } from '../settings/algorithm-list.js';
import { endpointFrom } from '../settings/endpoint.js';
import { SetupError } from '../setup-error.js';

/** What metadata says of a resource that the configuration of the resource server cannot tell. */
export interface ResourceDescription {
  /** The scopes that clients ask for. What is not to be known stays off the list. */
  readonly scopesSupported?: readonly string[];
  /** The types of authorization details that clients ask for (RFC 9396). */
  readonly authorizationDetailsTypesSupported?: readonly string[];
  /**
   * Requirements of the routes: their scopes and detail types are listed too, but for undisclosed scopes.
   * With the same objects on the routes, document and routes cannot differ.
   */
  readonly requirements?: readonly Requirement[];
  /** A name for people. */
  readonly resourceName?: string;
  /** A page for developers. The same holds for the next two: pages for people. */
  readonly resourceDocumentation?: string;
  readonly resourcePolicyUri?: string;
  readonly resourceTosUri?: string;
  /** The URL of a key set of this resource that is published elsewhere. Default: with `sign`, `jwks` below the resource. */
  readonly jwksUri?: string;
  /** The algorithms by which this resource signs its answers, where it does. */
  readonly resourceSigningAlgorithms?: readonly Algorithm[];
}

export const resourceDescriptionNames = [
  'scopesSupported',
  'authorizationDetailsTypesSupported',
  'requirements',
  'resourceName',
  'resourceDocumentation',
  'resourcePolicyUri',
  'resourceTosUri',
  'jwksUri',
  'resourceSigningAlgorithms',
] as const satisfies (keyof ResourceDescription)[];

const pages = ['resourceDocumentation', 'resourcePolicyUri', 'resourceTosUri'] as const;

/**
 * The description itself, once nothing in it would be wrong to advertise.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9728 section 2.
 */
export function checkedDescription(
  description: ResourceDescription,
  { where, allowInsecureLoopback }: { readonly where: string; readonly allowInsecureLoopback: boolean },
): ResourceDescription {
  const { jwksUri, resourceSigningAlgorithms, resourceName } = description;
  requireList(description.scopesSupported, `${where}.scopesSupported`, isScope);
  requireList(
    description.authorizationDetailsTypesSupported,
    `${where}.authorizationDetailsTypesSupported`,
    isNonEmptyString,
  );
  requireList(description.requirements, `${where}.requirements`, isRequirement);
  if (jwksUri !== undefined) endpointFrom(jwksUri, `${where}.jwksUri`, allowInsecureLoopback);
  if (resourceSigningAlgorithms !== undefined) {
    algorithmsFrom(resourceSigningAlgorithms, `${where}.resourceSigningAlgorithms`);
  }
  if (resourceName !== undefined && !isNonEmptyString(resourceName)) {
    throw refuse(`${where}.resourceName`, 'it is not a text, or empty', 'Give a name, or leave it out.');
  }
  for (const page of pages) requirePage(description[page], `${where}.${page}`);
  return description;
}

function isScope(value: unknown): boolean {
  return typeof value === 'string' && isScopeToken(value);
}

function isRequirement(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'check' in value;
}

function requireList(value: unknown, option: string, isMember: (member: unknown) => boolean): void {
  if (value === undefined || (Array.isArray(value) && value.every(isMember))) return;
  throw refuse(
    option,
    'it is not a list of what can stand there',
    'Give each entry on its own, or leave the option out.',
  );
}

/** A page is for browsers, and may be anywhere. */
function requirePage(value: unknown, option: string): void {
  if (value === undefined) return;
  if (
    typeof value === 'string' &&
    isSecureUrl(value.replace(/^http:/i, 'https:'), { allowInsecureLoopback: false })
  )
    return;
  throw refuse(
    option,
    'it is not the URL of a page',
    "Give a URL such as 'https://api.example/docs', or leave it out.",
  );
}

function refuse(option: string, problem: string, remedy: string): SetupError {
  return new SetupError({ option, problem, remedy });
}
