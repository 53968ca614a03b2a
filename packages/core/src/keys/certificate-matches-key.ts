import { X509Certificate, type KeyObject } from 'node:crypto';

/**
 * Whether the certificate chain of a JWK starts with a certificate for the same public key. True when there is no
 * chain. Only equality is judged: neither the key nor the certificate gains any trust from it.
 *
 * Spec: RFC 7517 section 4.7.
 */
export function certificateMatchesKey(x5c: unknown, key: KeyObject): boolean {
  if (x5c === undefined) return true;
  const leaf: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  if (typeof leaf !== 'string') return false;
  try {
    return new X509Certificate(Buffer.from(leaf, 'base64')).publicKey.equals(key);
  } catch {
    return false;
  }
}
