// The public names of @assay/core/authorization-server, one by one. What is not here is private.
export {
  createAuthorizationServer,
  type AccessTokenResponse,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type IssuanceOptions,
  type TokenRequest,
} from './authorization-server.js';
export {
  createClientAuthenticator,
  jwtClientAssertionType,
  type AuthenticatedClient,
  type ClientAuthenticator,
  type ClientAuthenticatorOptions,
  type CompatibilityUse,
} from './clients/client-authenticator.js';
export type {
  ClientAuthenticationMethod,
  ClientCompatibility,
  ClientMetadata,
  ClientRegistry,
  RegisteredClient,
} from './clients/registered-client.js';
export { parseForm, type FormParameters } from './form-parameters.js';
export { maximumFormBytes, type FormRequestView } from './form-request.js';
export {
  clientCredentialsGrantType,
  createGrantAcceptor,
  jwtBearerGrantType,
  type AcceptedGrant,
  type GrantAcceptor,
  type GrantAcceptorOptions,
} from './grant-acceptor.js';
export type { GrantIssuerOptions } from './grant-issuers.js';
export { metadataPath, type AuthorizationServerMetadata } from './metadata.js';
export type { ResourceOptions } from './resource-settings.js';
export type { Resource, Target, TargetRequest } from './resources.js';
export { uncacheable, type ClientErrorStatus } from './token-error-answer.js';
export {
  createTokenIssuer,
  type AccessTokenRequest,
  type IssuedAccessToken,
  type PreparedAccessToken,
  type TokenIssuer,
  type TokenIssuerOptions,
} from './token-issuer.js';
