import type { RefusalAnswer } from '../challenge.js';
import type { BoundToken, Claims } from '../evidence.js';
import type { JwkSet } from '../keys/fixed-keys.js';
import { AssayError } from '../assay-error.js';
import { scopeList } from '../profiles/claim-reading.js';
import { endpointFrom } from '../settings/endpoint.js';
import { issuerFrom } from '../settings/identifiers.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import {
  createClientAuthenticator,
  type AuthenticatedClient,
  type ClientAuthenticator,
  type ClientAuthenticatorOptions,
} from './clients/client-authenticator.js';
import type { GrantIssuerOptions } from './grant-issuers.js';
import { readForm, type FormRequestView } from './form-request.js';
import {
  clientCredentialsGrantType,
  createGrantAcceptor,
  type AcceptedGrant,
  type GrantAcceptorOptions,
} from './grant-acceptor.js';
import { authorizationServerMetadata, type AuthorizationServerMetadata } from './metadata.js';
import { clientErrorStatusFrom, tokenErrorAnswer, type ClientErrorStatus } from './token-error-answer.js';
import { createTokenIssuer, tokenIssuerOptionNames, type TokenIssuerOptions } from './token-issuer.js';

/** The options of an authorization server. */
export interface AuthorizationServerOptions
  extends GrantAcceptorOptions, Omit<TokenIssuerOptions, 'clientIds'> {
  /** The clients, or what knows them. Default: none, so that nobody can authenticate. */
  readonly clients?: ClientAuthenticatorOptions['clients'];
  /** Told each time a client makes use of its compatibility. */
  readonly onCompatibilityUse?: ClientAuthenticatorOptions['onCompatibilityUse'];
  /** How long a client's assertion may live, and how long ago it may have been issued. Units: seconds. Default 300. */
  readonly maximumAssertionLifetimeSeconds?: number;
  /**
   * The status of `invalid_client` for a client that used no `Authorization` header; one that did is told 401 anyway.
   * RFC 6749 section 5.2 permits both. Default 400.
   */
  readonly clientErrorStatus?: ClientErrorStatus;
  /** The URL of the token endpoint. Default: `/token` below the issuer. */
  readonly tokenEndpoint?: string;
  /** The URL of the published key set. Default: `/jwks` below the issuer. */
  readonly jwksUri?: string;
}

/** A token request that was judged good. Nothing of it has been used up. */
export interface TokenRequest {
  readonly grantType: string;
  readonly clientId: string;
  readonly subject: string;
  /** The resource that the token will be for. */
  readonly resource: string;
  /** The scopes that the token will have. */
  readonly scopes: readonly string[];
  /** Whether the client has proven to be `clientId`. */
  readonly isClientAuthenticated: boolean;
  /** The accepted assertion, where the grant is one: claims and fingerprint, without its text. */
  readonly assertion: BoundToken<'jwt-bearer-grant'> | undefined;
}

/** What the application decides about an access token. */
export interface IssuanceOptions {
  /** The scopes to grant, of those that the request gets. Default: all of them. */
  readonly scope?: readonly string[];
  /** Further claims. Those that this server sets itself are refused. */
  readonly claims?: Claims;
}

/** The body of a successful answer (RFC 6749 section 5.1). */
export interface AccessTokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Units: seconds. */
  readonly expires_in: number;
  /** Present where it differs from what was asked for. */
  readonly scope?: string;
}

/** An authorization server: judges token requests and answers them. Knows no framework. */
export interface AuthorizationServer {
  readonly issuer: string;
  /**
   * Judges a token request, and uses nothing up.
   *
   * In one order: method, media type, repeated parameters, client, grant type, grant, scope and resource.
   *
   * Error: throws `AssayError`; `refusal` is the answer to it.
   */
  readonly judgeTokenRequest: (request: FormRequestView) => Promise<TokenRequest>;
  /**
   * An access token for a judged request: uses the grant up, and then signs.
   *
   * Error: throws `AssayError`, for instance `grant.replayed`; `refusal` is the answer to it.
   * Throws: `SetupError` for a claim that this server sets itself, or a request that it did not judge.
   */
  readonly issueAccessToken: (
    tokenRequest: TokenRequest,
    options?: IssuanceOptions,
  ) => Promise<AccessTokenResponse>;
  /** The answer to a failure; the request tells whether it owes a challenge. */
  readonly refusal: (error: unknown, request?: Pick<FormRequestView, 'headers'>) => RefusalAnswer;
  /** The metadata document (RFC 8414): what is on, and nothing else. */
  readonly metadata: () => AuthorizationServerMetadata;
  /** The published key set. */
  readonly jwks: () => Promise<JwkSet>;
  /**
   * Imports the signing keys and loads those of the assertion issuers, so that a mistake shows at start.
   *
   * Throws: `SetupError`; `AssayError` when an issuer's keys cannot be had.
   */
  readonly ready: () => Promise<void>;
}

/**
 * An authorization server.
 *
 * Throws: `SetupError` for options that are missing, weak, contradictory or misspelt.
 * Spec: RFC 6749 sections 3.2 and 5; RFC 7523; RFC 8414; RFC 9068.
 */
export function createAuthorizationServer(options: AuthorizationServerOptions): AuthorizationServer {
  knownOptionsOnly(options, authorizationServerOptionNames);
  const { keys, resources, defaultResource, jwksUri, ...others } = options;
  const {
    clients: clientList = [],
    onCompatibilityUse,
    maximumAssertionLifetimeSeconds,
    clientErrorStatus: givenClientErrorStatus,
    ...grantOptions
  } = others;
  const clientErrorStatus = clientErrorStatusFrom(givenClientErrorStatus);
  const { issuer, allowInsecureLoopback, clock } = grantOptions;
  const endpoints = endpointsFrom({ ...grantOptions, jwksUri });
  const clients = createClientAuthenticator({
    ...withoutAssertionIssuers(grantOptions),
    clients: clientList,
    tokenEndpoint: endpoints.tokenEndpoint,
    ...(onCompatibilityUse === undefined ? {} : { onCompatibilityUse }),
    ...(maximumAssertionLifetimeSeconds === undefined ? {} : { maximumAssertionLifetimeSeconds }),
  });
  const grants = createGrantAcceptor({
    ...grantOptions,
    tokenEndpoint: endpoints.tokenEndpoint,
    clientCredentials: clients.serves(clientCredentialsGrantType),
  });
  refuseAnonymousClients(grantOptions.assertionIssuers ?? [], clients);
  const tokens = createTokenIssuer({
    issuer,
    keys,
    resources,
    clientIds: [...grants.clientIds, ...clients.clientIds],
    ...(defaultResource === undefined ? {} : { defaultResource }),
    ...(allowInsecureLoopback === undefined ? {} : { allowInsecureLoopback }),
    ...(clock === undefined ? {} : { clock }),
  });
  const judged = new WeakMap<TokenRequest, JudgedRequest>();

  async function judgeTokenRequest(request: FormRequestView): Promise<TokenRequest> {
    const form = await readForm(request);
    const client = await clients.judge(request, form);
    const grant = await grants.judge(form, client);
    const scope = form.get('scope');
    const requestedScopes = scope === undefined ? undefined : scopeList(scope);
    const target = tokens.target(
      { resources: form.getAll('resource'), scopes: requestedScopes },
      grant.scopes,
    );
    const tokenRequest: TokenRequest = Object.freeze({
      grantType: grant.grantType,
      clientId: grant.clientId,
      subject: grant.subject,
      resource: target.resource.resource,
      scopes: Object.freeze([...target.scopes]),
      isClientAuthenticated: client?.isAuthenticated === true,
      assertion: grant.assertion,
    });
    judged.set(tokenRequest, { client, grant, requestedScopes });
    return tokenRequest;
  }

  async function issueAccessToken(
    tokenRequest: TokenRequest,
    { scope, claims }: IssuanceOptions = {},
  ): Promise<AccessTokenResponse> {
    const { client, grant, requestedScopes } = judgedRequest(tokenRequest);
    const { subject, clientId, resource } = tokenRequest;
    const { expiresNoLaterThan } = grant;
    const scopes = narrowed(tokenRequest.scopes, scope);
    const prepared = await tokens.prepare({
      subject,
      clientId,
      resource,
      scopes,
      claims,
      expiresNoLaterThan,
    });
    // Last, when only the signature is missing: a request that is refused uses nothing up.
    await client?.reserve();
    await grant.reserve();
    const { accessToken, expiresInSeconds } = await prepared.sign();
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      ...(isSameSet(scopes, requestedScopes ?? []) ? {} : { scope: scopes.join(' ') }),
    };
  }

  function judgedRequest(tokenRequest: TokenRequest): JudgedRequest {
    const found = judged.get(tokenRequest);
    if (found !== undefined) return found;
    throw new SetupError({
      option: 'tokenRequest',
      problem: 'it was not judged by this authorization server',
      remedy: 'Pass on what judgeTokenRequest returned.',
    });
  }

  return {
    issuer,
    judgeTokenRequest,
    issueAccessToken,
    refusal: (error, request) => tokenErrorAnswer(error, { issuer, request, clientErrorStatus }),
    metadata: () =>
      authorizationServerMetadata({
        issuer,
        ...endpoints,
        grantTypes: grants.grantTypes,
        authenticationMethods: clients.methods,
        acceptsAnonymous: grants.clientIds.length > 0,
        scopes: tokens.scopes,
      }),
    jwks: () => tokens.jwks(),
    async ready() {
      await Promise.all([tokens.ready(), grants.ready()]);
    },
  };
}

interface JudgedRequest {
  readonly client: AuthenticatedClient | undefined;
  readonly grant: AcceptedGrant;
  readonly requestedScopes: readonly string[] | undefined;
}

const authorizationServerOptionNames = [
  ...tokenIssuerOptionNames.filter((name) => name !== 'clientIds'),
  'tokenEndpoint',
  'jwksUri',
  'assertionIssuers',
  'clients',
  'onCompatibilityUse',
  'maximumAssertionLifetimeSeconds',
  'clientErrorStatus',
  'stores',
  'leewaySeconds',
  'keyPolicy',
  'onKeyEvent',
  'fetch',
] as const satisfies (keyof AuthorizationServerOptions)[];

function withoutAssertionIssuers({
  assertionIssuers: _assertionIssuers,
  ...rest
}: GrantAcceptorOptions): Omit<GrantAcceptorOptions, 'assertionIssuers'> {
  return rest;
}

/** A client that has a key would be named in tokens for requests in which nobody has shown it. */
function refuseAnonymousClients(
  assertionIssuers: readonly Pick<GrantIssuerOptions, 'clientId'>[],
  { confidentialClientIds }: ClientAuthenticator,
): void {
  assertionIssuers.forEach(({ clientId }, index) => {
    if (clientId === undefined || !confidentialClientIds.includes(clientId)) return;
    throw new SetupError({
      option: `assertionIssuers[${String(index)}].clientId`,
      problem: 'this client has a key to authenticate with, and its tokens would be had without',
      remedy:
        'Leave out requireClient: false and clientId, or name a client that is not registered with a key.',
    });
  });
}

interface Endpoints {
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
}

function endpointsFrom({
  issuer,
  allowInsecureLoopback = false,
  ...given
}: Pick<AuthorizationServerOptions, 'issuer' | 'allowInsecureLoopback' | 'tokenEndpoint'> & {
  readonly jwksUri: string | undefined;
}): Endpoints {
  const base = issuerFrom(issuer, 'issuer', allowInsecureLoopback).replace(/\/$/, '');
  const { tokenEndpoint = `${base}/token`, jwksUri = `${base}/jwks` } = given;
  return {
    tokenEndpoint: endpointFrom(tokenEndpoint, 'tokenEndpoint', allowInsecureLoopback),
    jwksUri: endpointFrom(jwksUri, 'jwksUri', allowInsecureLoopback),
  };
}

/** The scopes that the application grants, of those that the request gets. */
function narrowed(scopes: readonly string[], wanted: readonly string[] | undefined): readonly string[] {
  if (wanted === undefined) return scopes;
  if (wanted.length > 0 && wanted.every((scope) => scopes.includes(scope))) return [...new Set(wanted)];
  throw new AssayError('grant.scope-refused', { claim: 'scope', reason: 'mismatch' });
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return new Set([...left, ...right]).size === left.length && left.length === new Set(right).size;
}
