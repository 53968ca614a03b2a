import { createHash, X509Certificate } from 'node:crypto';
import type { RequestView } from '../request-view.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** How a proxy writes the certificate of its client into a header. */
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
  const lines = request.headers[header.name] ?? [];
  const [line] = lines;
  if (line === undefined || lines.length !== 1) return undefined;
  const der = decoders[header.encoding](line.trim());
  return der === undefined ? undefined : wholeCertificate(der);
}

const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const decoders: Readonly<Record<CertificateEncoding, (text: string) => Buffer | undefined>> = {
  // One structured-field byte sequence (RFC 9440 section 2.1; RFC 8941 section 3.3.5).
  rfc9440: (text) => (/^:[^:]+:$/.test(text) ? fromBase64(text.slice(1, -1)) : undefined),
  'base64-der': fromBase64,
  'url-encoded-pem': (text) => {
    const pem = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(
      decoded(text),
    );
    return pem?.[1] === undefined ? undefined : fromBase64(pem[1].replace(/\s/g, ''));
  },
};

function fromBase64(text: string): Buffer | undefined {
  return base64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function decoded(text: string): string {
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
