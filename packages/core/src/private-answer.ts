import type { ServerResponse } from 'node:http';

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
  const writeHead = response.writeHead.bind(response) as (...parts: readonly unknown[]) => ServerResponse;

  // Every way of answering ends here, and here alone the last word on the headers has been said.
  response.writeHead = (statusCode: number, ...rest: readonly unknown[]) => {
    const reason = rest.filter((part) => typeof part === 'string');
    const given = headerEntries(rest.find((part) => typeof part === 'object' && part !== null));
    const others = given.filter(([name]) => !isCacheControl(name));
    const written = given.filter(([name]) => isCacheControl(name)).map(([, value]) => value);
    const current = written.length > 0 ? written : [response.getHeader('cache-control')];
    response.setHeader('Cache-Control', privateCacheControl(current.flat().join(','), weakest));
    return writeHead(statusCode, ...reason, ...(others.length > 0 ? [others.flat(1)] : []));
  };
}

/** The headers that were handed to `writeHead`: an object, a list of pairs, or names and values in turn. */
function headerEntries(headers: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {});
  const list = headers as readonly unknown[];
  if (Array.isArray(list[0])) return list as readonly (readonly [string, unknown])[];
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : []));
}

function isCacheControl(name: string): boolean {
  return name.toLowerCase() === 'cache-control';
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
