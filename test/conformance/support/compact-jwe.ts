import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  publicEncrypt,
  randomBytes,
  type JsonWebKey,
} from 'node:crypto';
import type { Jwk } from '@assay/core';

/** A content encryption that `compactJwe` can do. */
export type ContentEncryption = 'A256GCM' | 'A128CBC-HS256';

/** What a compact JWE is made of. Nothing is checked: made for envelopes that no library would seal. */
export interface CompactJweParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly plaintext: string | Uint8Array;
  readonly contentKey: Uint8Array;
  /** What really encrypts, whatever the header says. */
  readonly enc: ContentEncryption;
  /** The second segment. Default: empty. */
  readonly encryptedKey?: Uint8Array;
  /** For CBC: the last bytes of the last block, instead of proper padding. */
  readonly padding?: Uint8Array;
}

/** A compact JWE with exactly these parts, rightly sealed. */
export function compactJwe(parts: CompactJweParts): string {
  const { header, encryptedKey = Buffer.alloc(0), enc } = parts;
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const { iv, ciphertext, tag } = seals[enc](parts, Buffer.from(protectedHeader));
  const segments = [encryptedKey, iv, ciphertext, tag].map((bytes) =>
    Buffer.from(bytes).toString('base64url'),
  );
  return [protectedHeader, ...segments].join('.');
}

interface Sealed {
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

const seals: Record<ContentEncryption, (parts: CompactJweParts, associatedData: Buffer) => Sealed> = {
  /** RFC 7518 section 5.3. */
  A256GCM({ plaintext, contentKey }, associatedData) {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', contentKey, iv);
    cipher.setAAD(associatedData);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { iv, ciphertext, tag: cipher.getAuthTag() };
  },

  /** RFC 7518 section 5.2: the first half of the key authenticates, the second encrypts. */
  'A128CBC-HS256'({ plaintext, contentKey, padding }, associatedData) {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-128-cbc', contentKey.subarray(16), iv);
    if (padding !== undefined) cipher.setAutoPadding(false);
    const input = Buffer.concat([Buffer.from(plaintext), padding ?? Buffer.alloc(0)]);
    const ciphertext = Buffer.concat([cipher.update(input), cipher.final()]);
    const bits = Buffer.alloc(8);
    bits.writeBigUInt64BE(BigInt(associatedData.length * 8));
    const mac = createHmac('sha256', contentKey.subarray(0, 16));
    for (const part of [associatedData, iv, ciphertext, bits]) mac.update(part);
    return { iv, ciphertext, tag: mac.digest().subarray(0, 16) };
  },
};

/** A content key, encrypted by RSA-OAEP-256 (RFC 7518 section 4.3). */
export function wrappedByRsa(jwk: Jwk, contentKey: Uint8Array): Buffer {
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  return publicEncrypt({ key, oaepHash: 'sha256' }, contentKey);
}

/** A content key, wrapped by AES Key Wrap (RFC 7518 section 4.4). */
export function wrappedByAes(wrappingKey: Uint8Array, contentKey: Uint8Array): Buffer {
  const cipher = createCipheriv(
    `id-aes${String(wrappingKey.length * 8)}-wrap`,
    wrappingKey,
    Buffer.alloc(8, 0xa6),
  );
  return Buffer.concat([cipher.update(contentKey), cipher.final()]);
}

/** The 256-bit key that ECDH-ES makes of an agreed secret, without party information (RFC 7518 section 4.6.2). */
export function agreedKey(secret: Uint8Array, enc: ContentEncryption): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const hash = createHash('sha256');
  for (const part of [number(1), secret, number(enc.length), enc, number(0), number(0), number(256)]) {
    hash.update(part);
  }
  return hash.digest();
}
