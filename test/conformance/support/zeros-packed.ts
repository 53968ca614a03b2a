import { constants, deflateRawSync } from 'node:zlib';

/**
 * A ZLIB stream of so many MiB of zero bytes. It takes no time to make: one packed block is repeated, and the checksum of
 * zeros is known.
 */
export function zerosPacked(mebibytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: mebibytes }, () => block);
  const lastBlock = Buffer.from([0x03, 0x00]);
  const checksum = Buffer.alloc(4);
  // Adler-32 (RFC 1950 section 8): the first sum stays 1, the second counts the bytes.
  checksum.writeUInt16BE((mebibytes * 1024 * 1024) % 65_521, 0);
  checksum.writeUInt16BE(1, 2);
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...blocks, lastBlock, checksum]);
}
