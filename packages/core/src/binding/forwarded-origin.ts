import type { RequestView } from '../request-view.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** What one kind of header says of the origin. A part that is missing, or not clear, is absent. */
interface ForwardedParts {
  readonly proto?: string | undefined;
  readonly host?: string | undefined;
}

// RFC 9110 section 5.6.2.
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
// RFC 7239 section 4. A port has to be quoted there, and often is not. Escapes are not read, which refuses the value.
const forwardedPair = new RegExp(`^\\s*(${token})=(?:"([^"\\\\]*)"|([^\\s"]*))\\s*$`);
// A host name, an IPv4 address or an IPv6 address in brackets, perhaps with a port.
const hostAndPort = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * The origin under which a trusted proxy received the request; `undefined` where none speaks, or where it does not
 * speak clearly: of several values nobody can tell which one the proxy wrote, and which one its client.
 *
 * It is in `Forwarded`, or in `X-Forwarded-Proto` and `X-Forwarded-Host`. Where both kinds speak of the origin, they have
 * to agree, because a proxy that knows one of them hands the other on as it came.
 *
 * Spec: RFC 7239 section 4; RFC 9700 section 4.13.
 */
export function forwardedOrigin(request: RequestView, isTrusted: TrustedProxies): string | undefined {
  if (!isTrusted(request)) return undefined;
  const said = [partsInForwarded(request), partsInXForwarded(request)].filter((parts) => parts !== undefined);
  const [origin, ...others] = new Set(said.map(originOf));
  return others.length === 0 ? origin : undefined;
}

function partsInForwarded(request: RequestView): ForwardedParts | undefined {
  if (request.headers['forwarded'] === undefined) return undefined;
  const element = onlyValue(request, 'forwarded');
  if (element === undefined) return {};
  const pairs = element.split(';').filter((pair) => pair.trim() !== '');
  const read = pairs.map((pair) => forwardedPair.exec(pair));
  if (read.includes(null)) return {};
  const valuesOf = (name: string) =>
    read.flatMap((pair) => (pair?.[1]?.toLowerCase() === name ? [pair[2] ?? pair[3] ?? ''] : []));
  const [protos, hosts] = [valuesOf('proto'), valuesOf('host')];
  if (protos.length + hosts.length === 0) return undefined;
  return { proto: only(protos), host: only(hosts) };
}

function partsInXForwarded(request: RequestView): ForwardedParts | undefined {
  const names = ['x-forwarded-proto', 'x-forwarded-host'] as const;
  if (names.every((name) => request.headers[name] === undefined)) return undefined;
  const [proto, host] = names.map((name) => onlyValue(request, name));
  return { proto, host };
}

/** The one value of a header; `undefined` where it is a list, or came in several lines. */
function onlyValue({ headers }: RequestView, header: string): string | undefined {
  const line = only(headers[header] ?? []);
  return line === undefined || line.includes(',') ? undefined : line.trim();
}

function only(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined;
}

function originOf({ proto = '', host: name = '' }: ForwardedParts): string | undefined {
  const url = `${proto}://${name}`;
  const isClear = /^https?$/i.test(proto) && hostAndPort.test(name) && URL.canParse(url);
  return isClear ? new URL(url).origin : undefined;
}
