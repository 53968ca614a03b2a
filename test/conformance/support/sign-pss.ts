import { constants, createHash, createPrivateKey, privateEncrypt, randomBytes } from 'node:crypto';
import type { Jwk } from '@assay/core';

/** How a PSS encoding differs from that of RFC 7518. Default: PS256's. */
export interface PssVariation {
  readonly saltBytes?: number;
  /** The hash of the mask generation function. */
  readonly maskHash?: 'sha1' | 'sha256';
}

const hashBytes = 32;

/** The longest salt that fits a key. Units: bytes. */
export const longestSaltFor = (modulusBits: number) => Math.ceil((modulusBits - 1) / 8) - hashBytes - 2;

/**
 * An RSASSA-PSS signature with SHA-256 (RFC 8017 section 9.1.1), made by hand, because Node cannot be told to use
 * another hash for the mask.
 */
export function signPss(
  key: Jwk,
  input: Uint8Array,
  { saltBytes = hashBytes, maskHash = 'sha256' }: PssVariation = {},
): Buffer {
  const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' });
  const modulusBits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  const encodedBytes = Math.ceil((modulusBits - 1) / 8);
  const salt = randomBytes(saltBytes);
  const digest = createHash('sha256')
    .update(Buffer.alloc(8))
    .update(createHash('sha256').update(input).digest())
    .update(salt)
    .digest();

  const block = Buffer.alloc(encodedBytes - hashBytes - 1);
  block[block.length - saltBytes - 1] = 1;
  salt.copy(block, block.length - saltBytes);
  const mask = maskFrom(digest, block.length, maskHash);
  const masked = block.map((byte, at) => byte ^ (mask[at] ?? 0));
  const spareBits = 8 * encodedBytes - (modulusBits - 1);
  masked[0] = (masked[0] ?? 0) & (0xff >> spareBits);
  const encoded = Buffer.concat([masked, digest, Buffer.from([0xbc])]);
  return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

/** MGF1 (RFC 8017 appendix B.2.1). */
function maskFrom(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; Buffer.concat(blocks).length < length; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    blocks.push(createHash(hash).update(seed).update(count).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}
