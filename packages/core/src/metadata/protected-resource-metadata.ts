import type { SenderPolicy } from '../binding/sender-policy.js';
import type { TokenLocation } from '../steps/extract-token.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import type { ResourceDescription } from './resource-description.js';

/** How an OAuth 2.0 bearer token can be sent (RFC 6750 section 2). */
export type BearerMethod = 'header' | 'body' | 'query';

/** A metadata document (RFC 9728 section 2). Members without a value are absent. */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers?: readonly string[];
  readonly jwks_uri?: string;
  readonly scopes_supported?: readonly string[];
  /** Empty where no token is taken without a proof of its key. */
  readonly bearer_methods_supported: readonly BearerMethod[];
  readonly resource_signing_alg_values_supported?: readonly string[];
  readonly resource_name?: string;
  readonly resource_documentation?: string;
  readonly resource_policy_uri?: string;
  readonly resource_tos_uri?: string;
  readonly tls_client_certificate_bound_access_tokens?: true;
  readonly authorization_details_types_supported?: readonly string[];
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly dpop_bound_access_tokens_required?: true;
}

/** What a resource server is set up to do: the same that it judges requests by. */
export interface LiveConfiguration {
  readonly issuers: readonly TrustedIssuer[];
  readonly tokenLocations: ReadonlySet<TokenLocation>;
  readonly sender: SenderPolicy;
}

/**
 * The metadata of one resource. What the configuration can tell is taken from there; the description adds what it cannot.
 *
 * Empty lists are left out, but for `bearer_methods_supported`, where one says that bearer tokens are not taken.
 *
 * Spec: RFC 9728 sections 2 and 3.2.
 */
export function protectedResourceMetadata(
  resource: string,
  { issuers, tokenLocations, sender }: LiveConfiguration,
  description: ResourceDescription,
): ProtectedResourceMetadata {
  const members = {
    resource,
    authorization_servers: issuers
      .filter(({ expectations }) => expectations.audiences.includes(resource))
      .map(({ identifier }) => identifier),
    jwks_uri: description.jwksUri,
    scopes_supported: scopesSupported(description),
    bearer_methods_supported: bearerMethods(tokenLocations, sender),
    resource_signing_alg_values_supported: description.resourceSigningAlgorithms,
    resource_name: description.resourceName,
    resource_documentation: description.resourceDocumentation,
    resource_policy_uri: description.resourcePolicyUri,
    resource_tos_uri: description.resourceTosUri,
    tls_client_certificate_bound_access_tokens: takesCertificates(sender) || undefined,
    authorization_details_types_supported: detailTypesSupported(description),
    dpop_signing_alg_values_supported: sender.offersDpop ? [...sender.algorithms] : undefined,
    dpop_bound_access_tokens_required: sender.required === 'dpop' || undefined,
  };
  return withValues(members);
}

const methodOf = { header: 'header', form: 'body', query: 'query' } as const satisfies Record<
  TokenLocation,
  BearerMethod
>;

/** A token that a DPoP proof has to come with is never presented under Bearer. */
function bearerMethods(
  tokenLocations: ReadonlySet<TokenLocation>,
  { required }: SenderPolicy,
): readonly BearerMethod[] {
  return required === 'dpop' ? [] : [...tokenLocations].map((location) => methodOf[location]);
}

/** Whether the configuration speaks of client certificates. Any TLS connection may bring one, and is not seen here. */
function takesCertificates({ required, certificate }: SenderPolicy): boolean {
  return required === 'mtls' || required === 'any' || certificate.header !== undefined;
}

function scopesSupported({ scopesSupported, requirements }: ResourceDescription): readonly string[] {
  return distinct([
    ...(scopesSupported ?? []),
    ...(requirements ?? []).flatMap(({ disclosedScopes }) => disclosedScopes?.scopes ?? []),
  ]);
}

function detailTypesSupported({
  authorizationDetailsTypesSupported,
  requirements,
}: ResourceDescription): readonly string[] {
  return distinct([
    ...(authorizationDetailsTypesSupported ?? []),
    ...(requirements ?? []).flatMap(({ authorizationDetailType }) => authorizationDetailType ?? []),
  ]);
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}

type Members = {
  readonly [Name in keyof ProtectedResourceMetadata]: ProtectedResourceMetadata[Name] | undefined;
};

function withValues(members: Members): ProtectedResourceMetadata {
  const kept = Object.entries(members).filter(
    ([name, value]) => name === 'bearer_methods_supported' || (value !== undefined && !isEmptyList(value)),
  );
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      Array.isArray(value) ? Object.freeze([...(value as readonly unknown[])]) : value,
    ]),
  ) as unknown as ProtectedResourceMetadata;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
