import { AssayError } from '../assay-error.js';
import type { PresentedToken } from '../evidence.js';
import type { RequestView } from '../request-view.js';

// One or more spaces, then one b64token (RFC 6750 section 2.1).
const bearerCredentials = /^ +([A-Za-z0-9\-._~+/]+=*)$/;
const bearerScheme = /^bearer(?![^\s])/i;

/**
 * The one access token that a request carries, in the `Authorization` header with the Bearer scheme.
 *
 * A token elsewhere is not read, but beside the header's it makes the request ambiguous. Another scheme, or none,
 * is no credentials at all.
 *
 * Error: `request.token-missing`, `request.token-malformed`, `request.token-repeated`.
 * Spec: RFC 6750 sections 2 and 3.1; RFC 9110 section 11.1.
 */
export function extractToken(request: RequestView): PresentedToken {
  const lines = request.headers['authorization'] ?? [];
  if (lines.length > 1) throw new AssayError('request.token-repeated');
  const [line = ''] = lines;
  if (!bearerScheme.test(line)) throw new AssayError('request.token-missing');
  const [, token] = bearerCredentials.exec(line.slice('bearer'.length)) ?? [];
  if (token === undefined) throw new AssayError('request.token-malformed');
  if (carriesTokenElsewhere(request)) throw new AssayError('request.token-repeated');
  return token as PresentedToken;
}

function carriesTokenElsewhere({ url, form }: RequestView): boolean {
  if (form !== undefined && Object.hasOwn(form, 'access_token')) return true;
  const start = url.indexOf('?');
  if (start === -1) return false;
  const query = url.slice(start);
  // Most queries have no such parameter, however it is written, and parsing one costs more than looking.
  return /access_token|%/.test(query) && new URLSearchParams(query).has('access_token');
}
