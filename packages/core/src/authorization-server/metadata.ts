import { knownAlgorithms } from '../algorithms.js';

/** A metadata document (RFC 8414 section 2). Members without a value are absent. */
export interface AuthorizationServerMetadata {
  readonly issuer: string;
  readonly token_endpoint: string;
  readonly jwks_uri: string;
  readonly scopes_supported?: readonly string[];
  readonly grant_types_supported: readonly string[];
  readonly token_endpoint_auth_methods_supported: readonly string[];
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[];
}

/** What an authorization server has switched on. */
export interface EnabledFeatures {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly grantTypes: readonly string[];
  readonly scopes: readonly string[];
  /** How the known clients authenticate. */
  readonly authenticationMethods: readonly string[];
  /** Whether a grant is accepted from nobody in particular. */
  readonly acceptsAnonymous: boolean;
}

/**
 * The metadata of an authorization server, made of what is switched on and nothing else.
 *
 * Empty lists are left out. `grant_types_supported` never is: left out it would mean the implicit grant.
 *
 * Spec: RFC 8414 sections 2 and 3.2.
 */
export function authorizationServerMetadata({
  issuer,
  tokenEndpoint,
  jwksUri,
  grantTypes,
  scopes,
  authenticationMethods,
  acceptsAnonymous,
}: EnabledFeatures): AuthorizationServerMetadata {
  return {
    issuer,
    token_endpoint: tokenEndpoint,
    jwks_uri: jwksUri,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    grant_types_supported: grantTypes,
    token_endpoint_auth_methods_supported: [
      ...new Set([...authenticationMethods, ...(acceptsAnonymous ? ['none'] : [])]),
    ],
    ...(authenticationMethods.includes('private_key_jwt')
      ? { token_endpoint_auth_signing_alg_values_supported: knownAlgorithms }
      : {}),
  };
}

/** Where the metadata of an issuer is: between host and path (RFC 8414 section 3). */
export function metadataPath(issuer: string): string {
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  return `/.well-known/oauth-authorization-server${path}`;
}
