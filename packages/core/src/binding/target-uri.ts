import type { RequestView } from '../request-view.js';
import { forwardedOrigin } from './forwarded-origin.js';
import { normalisedUri } from './normalised-uri.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** By what the outside knows this server. */
export interface PublicAddress {
  /** Said by the operator, and then the last word. An origin, perhaps with a path in front, without a last slash. */
  readonly publicUrl: string | undefined;
  /** What counts where the operator said nothing: the origin of the audience, where that is an https URL. */
  readonly defaultUrl: string | undefined;
  readonly trustedProxies: TrustedProxies;
}

/**
 * The URI of the request as its sender wrote it, normalised, without query; `undefined` where it is not known by which
 * name the outside calls this server. The Host header has no say in it, nor has the authority of an absolute URI in
 * the request line.
 *
 * Spec: RFC 9449 section 4.3; RFC 9110 section 7.1.
 */
export function targetUriOf(request: RequestView, address: PublicAddress): string | undefined {
  const base = address.publicUrl ?? forwardedOrigin(request, address.trustedProxies) ?? address.defaultUrl;
  const path = pathOf(request.url);
  return base === undefined || path === undefined ? undefined : normalisedUri(base + path);
}

/** The path of a request target in origin form, or in absolute form (RFC 9112 section 3.2). */
function pathOf(url: string): string | undefined {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  if (path === '') return '/';
  return path.startsWith('/') ? path : undefined;
}
