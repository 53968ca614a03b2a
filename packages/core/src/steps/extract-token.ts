import { AssayError } from '../assay-error.js';
import type { PresentedToken } from '../evidence.js';
import type { RequestView } from '../request-view.js';

/** A place in which a request can carry its token: the `Authorization` header, a form body or the query. */
export type TokenLocation = 'header' | 'form' | 'query';

export const tokenLocations = ['header', 'form', 'query'] as const satisfies readonly TokenLocation[];

const headerAlone: ReadonlySet<TokenLocation> = new Set(['header']);

/** The schemes under which an access token can be presented (RFC 6750 section 2.1, RFC 9449 section 7.1). */
export type TokenScheme = 'Bearer' | 'DPoP';

/** The one token of a request, and the scheme under which it was presented. */
export interface PresentedCredentials {
  readonly scheme: TokenScheme;
  readonly token: PresentedToken;
}

const tokenScheme = /^(bearer|dpop)(?!\S)/i;
// One or more spaces, then one b64token (RFC 6750 section 2.1).
const credentials = /^ +([A-Za-z0-9\-._~+/]+=*)$/;
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The methods whose requests have a body with a meaning (RFC 9110 section 9.3). */
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The one access token that a request carries, in a location that is enabled. By default that is the `Authorization`
 * header, with the Bearer or the DPoP scheme; in the other locations it counts as presented under Bearer.
 *
 * A token in a location that is not enabled is not read, but beside another it makes the request ambiguous all the
 * same. Another scheme, or none, is no credentials at all.
 *
 * Error: `request.token-missing`, `request.token-malformed`, `request.token-repeated`.
 * Spec: RFC 6750 sections 2 and 3.1; RFC 9449 sections 7.1 and 7.2; RFC 9110 section 11.1.
 */
export function extractToken(
  request: RequestView,
  enabled: ReadonlySet<TokenLocation> = headerAlone,
): PresentedCredentials {
  const inHeader = tokensInHeader(request);
  const inForm = tokensInForm(request);
  const inQuery = tokensInQuery(request);
  const readable = [...inHeader, ...tokensElsewhere(request, enabled)];
  if (readable.length === 0) throw new AssayError('request.token-missing');
  if (inHeader.length + inForm.length + inQuery.length > 1) throw new AssayError('request.token-repeated');
  const [token] = readable;
  if (typeof token !== 'string' || !b64token.test(token)) throw new AssayError('request.token-malformed');
  return { scheme: inHeader.length > 0 ? schemeOf(request) : 'Bearer', token: token as PresentedToken };
}

/** The schemes under which a request presents tokens, each once, whether or not the tokens are any good. */
export function schemesPresented(
  request: RequestView,
  enabled: ReadonlySet<TokenLocation> = headerAlone,
): readonly TokenScheme[] {
  const inHeader = (request.headers['authorization'] ?? []).flatMap((line) => schemeOfLine(line) ?? []);
  return [...new Set([...inHeader, ...tokensElsewhere(request, enabled).map(() => 'Bearer' as const)])];
}

/** Whether a request carries a token in its query, where URLs end up in logs and caches. */
export function carriesTokenInQuery(request: RequestView): boolean {
  return tokensInQuery(request).length > 0;
}

const none: readonly unknown[] = [];

function tokensInHeader({ headers }: RequestView): readonly unknown[] {
  const lines = headers['authorization'] ?? [];
  if (lines.length > 1) throw new AssayError('request.token-repeated');
  const [line = ''] = lines;
  const scheme = schemeOfLine(line);
  if (scheme === undefined) return none;
  const [, token] = credentials.exec(line.slice(scheme.length)) ?? [];
  if (token === undefined) throw new AssayError('request.token-malformed');
  return [token];
}

/** The tokens of the other locations, where those are enabled. */
function tokensElsewhere(request: RequestView, enabled: ReadonlySet<TokenLocation>): readonly unknown[] {
  return [
    ...(enabled.has('form') && methodsWithBody.has(request.method) ? tokensInForm(request) : []),
    ...(enabled.has('query') ? tokensInQuery(request) : []),
  ];
}

function schemeOf({ headers }: RequestView): TokenScheme {
  return schemeOfLine(headers['authorization']?.[0] ?? '') ?? 'Bearer';
}

function schemeOfLine(line: string): TokenScheme | undefined {
  const scheme = tokenScheme.exec(line)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  return scheme === 'dpop' ? 'DPoP' : 'Bearer';
}

/** The values of the parameter in a form: a parser makes a list of one that came twice. */
function tokensInForm({ form }: RequestView): readonly unknown[] {
  if (form === undefined || !Object.hasOwn(form, 'access_token')) return none;
  const value = form['access_token'];
  return Array.isArray(value) && value.length > 0 ? (value as readonly unknown[]) : [value];
}

function tokensInQuery({ url }: RequestView): readonly unknown[] {
  const start = url.indexOf('?');
  if (start === -1) return none;
  const query = url.slice(start);
  // Most queries have no such parameter, however it is written, and parsing one costs more than looking.
  return /access_token|%/.test(query) ? new URLSearchParams(query).getAll('access_token') : none;
}
