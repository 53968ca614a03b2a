import { SetupError } from '@assay/core';
import { defaultResourceServerName } from '../resource-server-token.js';
import type { OpenApiDocument, SecurityScheme } from './open-api-document.js';

/** What documents call the access tokens of a resource server: `accessToken`, `accessToken.partner`. */
export function schemeName(resourceServer: string): string {
  if (resourceServer === defaultResourceServerName) return 'accessToken';
  // The characters that the name of a component may have.
  return `accessToken.${resourceServer.replace(/[^A-Za-z0-9._-]/g, '_')}`;
}

/**
 * Has a document declare the access tokens of these resource servers, and tells of which schemes scopes may be named.
 *
 * A scheme that is declared already stays as it is: which flow clients get their tokens by is known to its author, and
 * not to a resource server. Otherwise it is OAuth 2.0 without a flow, which is true of every token here, and which can
 * name scopes in every version of OpenAPI.
 *
 * Throws: `SetupError` where two resource servers would be called the same.
 */
export function declareSchemes(
  document: OpenApiDocument,
  resourceServers: readonly string[],
): (scheme: string) => boolean {
  refuseSameNames(resourceServers);
  const declared: Record<string, SecurityScheme> = { ...document.components?.securitySchemes };
  for (const name of resourceServers) declared[schemeName(name)] ??= oauth2;
  if (resourceServers.length > 0) (document.components ??= {}).securitySchemes = declared;
  return (scheme) => takesScopes(declared[scheme], document.openapi);
}

const oauth2 = {
  type: 'oauth2',
  description: 'An access token of OAuth 2.0.',
  flows: {},
} as const satisfies SecurityScheme & Record<string, unknown>;

/** OpenAPI 3.0 has scopes for two types alone; later versions let others name roles. */
function takesScopes(scheme: SecurityScheme | undefined, openapi = '3.0.0'): boolean {
  return scheme?.type === 'oauth2' || scheme?.type === 'openIdConnect' || !openapi.startsWith('3.0');
}

function refuseSameNames(resourceServers: readonly string[]): void {
  const names = resourceServers.map(schemeName);
  const twice = resourceServers.find((_name, index) => names.indexOf(names[index] ?? '') !== index);
  if (twice === undefined) return;
  throw new SetupError({
    option: 'name',
    problem: `another resource server would be the security scheme ${schemeName(twice)} as well`,
    remedy: 'Let the names of resource servers differ in letters, digits, dots, hyphens or underscores.',
  });
}
