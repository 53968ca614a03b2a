import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';

/**
 * The URL of an endpoint: https, or http on loopback where that is allowed, without a fragment.
 *
 * Throws: `SetupError`.
 * Spec: RFC 6749 section 3.2; RFC 8414 section 2.
 */
export function endpointFrom(url: string, option: string, allowInsecureLoopback: boolean): string {
  if (typeof url === 'string' && isSecureUrl(url, { allowInsecureLoopback }) && !url.includes('#'))
    return url;
  throw new SetupError({
    option,
    problem: 'it is not an https URL without a fragment',
    remedy: 'Use https, or set allowInsecureLoopback: true for a server on this machine.',
  });
}
