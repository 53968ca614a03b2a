import type { RequestView } from '../request-view.js';
import type { TrustedProxies } from './trusted-proxies.js';

// A host name, an IPv4 address or an IPv6 address in brackets, perhaps with a port.
const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * The origin under which a trusted proxy received the request; `undefined` where none speaks, or where it does not
 * speak clearly: with several values nobody can tell which of them the proxy wrote.
 *
 * `Forwarded` is read first, then `X-Forwarded-Proto` with `X-Forwarded-Host`.
 *
 * Spec: RFC 7239 section 4; RFC 9700 section 4.13.
 */
export function forwardedOrigin(request: RequestView, isTrusted: TrustedProxies): string | undefined {
  if (!isTrusted(request)) return undefined;
  const { forwarded } = request.headers;
  const [proto, name] =
    forwarded === undefined
      ? [onlyValue(request, 'x-forwarded-proto'), onlyValue(request, 'x-forwarded-host')]
      : forwardedPair(onlyValue(request, 'forwarded'));
  if (proto === undefined || name === undefined || !/^https?$/i.test(proto) || !host.test(name))
    return undefined;
  return `${proto.toLowerCase()}://${name}`;
}

function onlyValue({ headers }: RequestView, header: string): string | undefined {
  const lines = headers[header] ?? [];
  const [line] = lines;
  return lines.length !== 1 || line === undefined || line.includes(',') ? undefined : line.trim();
}

function forwardedPair(element = ''): readonly [string | undefined, string | undefined] {
  const pairs = element.split(';').map((pair) => /^\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s";]*))\s*$/.exec(pair));
  const valueOf = (name: string) => {
    const found = pairs.filter((pair) => pair?.[1]?.toLowerCase() === name);
    return found.length === 1 ? (found[0]?.[2] ?? found[0]?.[3]) : undefined;
  };
  return pairs.includes(null) ? [undefined, undefined] : [valueOf('proto'), valueOf('host')];
}
