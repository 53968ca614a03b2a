import { isSecureUrl, type Fetch } from '@assay/core';
import {
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  JSON_ATTRIBUTE_COMPARISON,
  OperationProcessingError,
  processDiscoveryResponse,
  type AuthorizationServer,
} from 'oauth4webapi';
import { failureOf } from './bounded-fetch.js';
import { ClientError } from './client-error.js';

/** An authorization server that may be sent an assertion: its metadata are its own, and its token endpoint is safe. */
export type DiscoveredServer = AuthorizationServer & { readonly token_endpoint: string };

/** What discovery needs. `fetch` is bounded already. */
export interface DiscoverySettings {
  readonly issuer: string;
  readonly allowInsecureLoopback: boolean;
  readonly fetch: Fetch;
}

/**
 * The metadata of an authorization server, which have to name the very issuer that was asked.
 *
 * Error: `metadata.unavailable`, `metadata.issuer-mismatch`, `metadata.invalid`.
 * Spec: RFC 8414 sections 3 and 3.3.
 */
export async function discover(settings: DiscoverySettings): Promise<DiscoveredServer> {
  const { issuer, allowInsecureLoopback } = settings;
  const metadata = await process(await request(settings), issuer);
  // The library compares URLs after normalising them; an issuer identifier is compared as a string.
  if (metadata.issuer !== issuer) throw new ClientError('metadata.issuer-mismatch');
  const { token_endpoint: tokenEndpoint } = metadata;
  if (typeof tokenEndpoint !== 'string' || !isSecureUrl(tokenEndpoint, { allowInsecureLoopback })) {
    throw new ClientError('metadata.invalid');
  }
  return { ...metadata, token_endpoint: tokenEndpoint };
}

async function request({ issuer, allowInsecureLoopback, fetch }: DiscoverySettings): Promise<Response> {
  try {
    return await discoveryRequest(new URL(issuer), {
      algorithm: 'oauth2',
      [allowInsecureRequests]: allowInsecureLoopback,
      [customFetch]: (url, init) => fetch(url, init as Omit<typeof init, 'body'>),
    });
  } catch (error) {
    throw new ClientError('metadata.unavailable', { cause: failureOf(error) });
  }
}

async function process(response: Response, issuer: string): Promise<AuthorizationServer> {
  const { status } = response;
  if (status !== 200) throw new ClientError('metadata.unavailable', { status });
  try {
    return await processDiscoveryResponse(new URL(issuer), response);
  } catch (error) {
    // The library's errors hold the answer, which may hold anything: they are not passed on as a cause.
    const isMismatch = error instanceof OperationProcessingError && error.code === JSON_ATTRIBUTE_COMPARISON;
    throw new ClientError(isMismatch ? 'metadata.issuer-mismatch' : 'metadata.invalid', { status });
  }
}
