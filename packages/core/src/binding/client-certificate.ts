import { createHash, X509Certificate } from 'node:crypto';
import type { RequestView } from '../request-view.js';
import type { TrustedProxies } from './trusted-proxies.js';

/**
 * How a proxy writes the certificate of its client into a header.
 *
 * `rfc9440`: `:…:` around the base64 of the DER. `base64-der`: that base64 alone. `url-encoded-pem`: PEM with
 * percent-encoding, in which a `+` is a plus sign. In the latter two a chain may follow, which is not looked at.
 */
export type CertificateEncoding = 'rfc9440' | 'url-encoded-pem' | 'base64-der';

/** The header in which trusted proxies name the certificate of their client. */
export interface CertificateHeader {
  /** In lower case. */
  readonly name: string;
  readonly encoding: CertificateEncoding;
}

/** Where the certificate of a client is found. */
export interface CertificateSource {
  /** Default: proxies are not asked. */
  readonly header: CertificateHeader | undefined;
  readonly trustedProxies: TrustedProxies;
}

/**
 * The SHA-256 thumbprint of the certificate whose key the client of this request has proven to hold; `undefined`
 * where there is none.
 *
 * Behind a trusted proxy that is what its header says, because the connection is the proxy's own; otherwise it is the
 * certificate of the connection, and the header is anybody's word.
 *
 * Spec: RFC 8705 section 3.1; RFC 9440 sections 2 and 4.
 */
export function certificateThumbprintOf(request: RequestView, source: CertificateSource): string | undefined {
  const der = certificateOf(request, source);
  return der === undefined ? undefined : createHash('sha256').update(der).digest('base64url');
}

/** Whether the answer depends on a header that names a certificate, so that caches must not share it. */
export function certificateIsForwarded(
  request: RequestView,
  { header, trustedProxies }: CertificateSource,
): boolean {
  return header !== undefined && request.headers[header.name] !== undefined && trustedProxies(request);
}

function certificateOf(
  request: RequestView,
  { header, trustedProxies }: CertificateSource,
): Uint8Array | undefined {
  if (header === undefined || !trustedProxies(request)) return request.connection?.peerCertificate();
  const [line, ...others] = request.headers[header.name] ?? [];
  if (line === undefined || others.length > 0) return undefined;
  const der = decoders[header.encoding](line.trim());
  return der === undefined ? undefined : wholeCertificate(der);
}

// Padding may be left out (RFC 8941 section 4.2.7).
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const pemBlocks = /^(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

const decoders: Readonly<Record<CertificateEncoding, (text: string) => Buffer | undefined>> = {
  // One structured-field byte sequence without parameters (RFC 9440 section 2.1; RFC 8941 section 3.3.5).
  rfc9440: (text) => fromBase64(/^:([^:]+):$/.exec(text)?.[1]),

  // Traefik joins a chain with commas, the certificate of the client first.
  'base64-der': (text) => {
    const [first, ...chain] = text.split(',');
    return chain.every((link) => base64.test(link)) ? fromBase64(first) : undefined;
  },

  'url-encoded-pem': (text) => {
    const pem = percentDecoded(text);
    const [first] = pemBlocks.test(pem) ? pem.split('-----END CERTIFICATE-----') : [];
    return fromBase64(first?.replace('-----BEGIN CERTIFICATE-----', '').replace(/\s/g, ''));
  },
};

function fromBase64(text: string | undefined): Buffer | undefined {
  return text !== undefined && base64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** The bytes, if they are one certificate and nothing behind it. */
function wholeCertificate(der: Buffer): Uint8Array | undefined {
  try {
    const { raw } = new X509Certificate(der);
    return raw.equals(der) ? raw : undefined;
  } catch {
    return undefined;
  }
}
