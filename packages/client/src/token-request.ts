import { scopeList, type Fetch } from '@assay/core';
import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
  type ClientAuth,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import { failureOf } from './bounded-fetch.js';
import { ClientError } from './client-error.js';
import type { DiscoveredServer } from './discovery.js';

const jwtBearerGrantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** What is sent to the token endpoint. */
export interface JwtBearerRequest {
  readonly assertion: string;
  readonly resource: string;
  readonly scope: readonly string[] | undefined;
}

/** What the token endpoint granted. The token is opaque: only the answer says how long it lives. */
export interface GrantedToken {
  readonly accessToken: string;
  /** Units: seconds. */
  readonly expiresInSeconds: number | undefined;
  readonly scope: readonly string[];
}

/**
 * Exchanges an assertion for an access token.
 *
 * Error: `token-endpoint.unavailable`, `token-request.refused`, `token-response.invalid`.
 * Spec: RFC 7523 section 2.1; RFC 6749 section 5.
 */
export async function requestToken(
  server: DiscoveredServer,
  request: JwtBearerRequest,
  settings: { readonly fetch: Fetch; readonly allowInsecureLoopback: boolean },
): Promise<GrantedToken> {
  const response = await send(server, request, settings);
  return grantedToken(await process(server, response), request, response.status);
}

async function send(
  server: DiscoveredServer,
  { assertion, resource, scope }: JwtBearerRequest,
  { fetch, allowInsecureLoopback }: { readonly fetch: Fetch; readonly allowInsecureLoopback: boolean },
): Promise<Response> {
  const parameters = {
    assertion,
    resource,
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
  };
  try {
    return await genericTokenEndpointRequest(
      server,
      anonymous,
      withoutCredentials,
      jwtBearerGrantType,
      parameters,
      {
        [allowInsecureRequests]: allowInsecureLoopback,
        [customFetch]: (url, init) => fetch(url, init),
      },
    );
  } catch (error) {
    throw new ClientError('token-endpoint.unavailable', { cause: failureOf(error) });
  }
}

// The library wants a client; a grant without client authentication names none.
const anonymous = { client_id: 'anonymous' };
const withoutCredentials: ClientAuth = () => undefined;

async function process(server: DiscoveredServer, response: Response): Promise<TokenEndpointResponse> {
  const { status } = response;
  const members = await jsonMembers(response.clone());
  if (status >= 400 && status < 500) {
    throw new ClientError('token-request.refused', { error: wellFormedCode(members['error']), status });
  }
  if (status !== 200) throw new ClientError('token-endpoint.unavailable', { status });
  const lifetime = members['expires_in'];
  // The library reads a number out of any text; RFC 6749 section 5.1 has a JSON number.
  if (lifetime !== undefined && typeof lifetime !== 'number') {
    throw new ClientError('token-response.invalid', { status });
  }
  try {
    return await processGenericTokenEndpointResponse(server, anonymous, response);
  } catch {
    // The library's errors hold the answer and with it, perhaps, a token: none of them is passed on as a cause.
    throw new ClientError('token-response.invalid', { status });
  }
}

async function jsonMembers(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

function grantedToken(body: TokenEndpointResponse, request: JwtBearerRequest, status: number): GrantedToken {
  if (body.token_type !== 'bearer') throw new ClientError('token-response.invalid', { status });
  return {
    accessToken: body.access_token,
    expiresInSeconds: body.expires_in,
    scope: body.scope === undefined ? (request.scope ?? []) : scopeList(body.scope),
  };
}

// Narrower than RFC 6749 section 5.2 allows, so that nothing but a code fits: no assertion that is sent back, no token.
const errorCode = /^[a-z][a-z0-9_]{0,63}$/;

function wellFormedCode(error: unknown): string | undefined {
  return typeof error === 'string' && errorCode.test(error) ? error : undefined;
}
