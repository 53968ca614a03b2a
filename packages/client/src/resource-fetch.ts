import type { Fetch } from '@assay/core';
import { ClientError } from './client-error.js';
import { isUnder } from './resource-url.js';
import type { AccessToken, TokenCache } from './token-cache.js';

/** A `fetch` that brings the access token along. */
export type ResourceFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A `fetch` for URLs under a resource. The token goes nowhere else, redirects are not followed, and a token that is
 * refused as invalid is replaced once, if the request can be sent again.
 *
 * Error: rejects with `ClientError`, `resource.url-outside` before anything is sent.
 */
export function resourceFetch(resource: string, cache: TokenCache, fetch: Fetch): ResourceFetch {
  return async (url, init = {}) => {
    const target = URL.canParse(String(url)) ? new URL(url) : undefined;
    if (target === undefined || !isUnder(target, resource)) throw new ClientError('resource.url-outside');
    const send = ({ accessToken }: AccessToken) => fetch(target.href, withToken(init, accessToken));
    const token = await cache.get();
    const response = await send(token);
    if (!saysInvalidToken(response)) return response;
    cache.drop(token);
    if (!canBeSentAgain(init.body)) return response;
    await response.body?.cancel();
    return send(await cache.get());
  };
}

function withToken(init: RequestInit, accessToken: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${accessToken}`);
  return { ...init, headers, redirect: init.redirect === 'error' ? 'error' : 'manual' };
}

const invalidTokenChallenge =
  /(?:^|,)\s*bearer\s(?:[^"]|"(?:[^"\\]|\\.)*")*?\berror\s*=\s*"?invalid_token"?/i;

function saysInvalidToken({ status, headers }: Response): boolean {
  return status === 401 && invalidTokenChallenge.test((headers.get('www-authenticate') ?? '').slice(0, 4096));
}

function canBeSentAgain(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  return (
    body instanceof URLSearchParams ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData
  );
}
