import { createHmac, type KeyObject } from 'node:crypto';

/** What a compact JWS with a MAC is made of. Nothing is checked. */
export interface MacTokenParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly secret: Uint8Array | string | KeyObject;
  /** Default `sha256`. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512';
}

/** A compact JWS whose third part is the HMAC of the first two under exactly these bytes. */
export function macToken({ header, claims, secret, digest = 'sha256' }: MacTokenParts): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac(digest, secret).update(input).digest('base64url')}`;
}
