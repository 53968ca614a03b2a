import { hash } from 'node:crypto';

/** The whole SHA-256 digest of a token, one byte to a character: the quickest key that a map can have. */
export type TokenDigest = string;

/** The digest of a token. */
export function digestOfToken(token: string): TokenDigest {
  return hash('sha256', token, 'buffer').toString('latin1');
}

/** What identifies a token in records and cannot be used as one: 128 bits of its digest, base64url. */
export function fingerprintFrom(digest: TokenDigest): string {
  return Buffer.from(digest.slice(0, 16), 'latin1').toString('base64url');
}
