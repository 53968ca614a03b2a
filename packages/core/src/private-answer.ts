import type { ServerResponse } from 'node:http';
import { settleHeader } from './settle-header.js';

/**
 * Keeps an answer out of shared caches, or with `no-store` out of all, whatever `Cache-Control` the application gives it
 * in the end: a cache goes by the URL, and there is more to this request.
 *
 * Spec: RFC 6750 section 2.3; RFC 9440 section 2.4; RFC 9111 section 5.2.2.
 */
export function keepAnswerPrivate(
  response: ServerResponse,
  weakest: 'private' | 'no-store' = 'private',
): void {
  settleHeader(response, 'Cache-Control', (given) => privateCacheControl(given, weakest));
}

/** The value itself where it keeps the answer out of the caches concerned, otherwise the weakest that does. */
function privateCacheControl(value: string, weakest: 'private' | 'no-store'): string {
  const directives = value.split(',').map((directive) => directive.trim().toLowerCase());
  const has = (...names: readonly string[]) =>
    directives.some((directive) => names.includes(directive.replace(/=.*$/, '')));
  // `private` with field names speaks of those fields alone.
  const isPrivate =
    directives.includes('no-store') || (weakest === 'private' && directives.includes('private'));
  return isPrivate && !has('public', 's-maxage') ? value : weakest;
}
