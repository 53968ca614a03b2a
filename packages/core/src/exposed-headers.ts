import type { ServerResponse } from 'node:http';
import { settleHeader } from './settle-header.js';

/** What scripts need of an answer to go on with a token that is bound to a key (RFC 9449 sections 7.1 and 8). */
export const headersForScripts = ['WWW-Authenticate', 'DPoP-Nonce'] as const;

/**
 * Lets scripts of other origins read these headers of an answer, beside those that the application lets them read.
 *
 * Spec: Fetch standard, section 3.3.3.
 */
export function exposeHeaders(response: ServerResponse, names: readonly string[]): void {
  settleHeader(response, 'Access-Control-Expose-Headers', (given) => unionOf(given, names));
}

function unionOf(given: string, names: readonly string[]): string {
  const exposed = given
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = new Set(exposed.map((name) => name.toLowerCase()));
  // A `*` counts for requests without credentials only, so that names stand beside it.
  return [...exposed, ...names.filter((name) => !known.has(name.toLowerCase()))].join(', ');
}
