import { deflateSync } from 'node:zlib';
import type { StatusBits } from '../../../src/rules/status-list-is-usable.js';

/** The statuses, packed as the specification says: the first one in the least significant bits of the first byte. */
export function packedStatuses(bits: StatusBits, statuses: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((statuses.length * bits) / 8));
  statuses.forEach((status, index) => {
    const at = index * bits;
    const byte = Math.floor(at / 8);
    bytes[byte] = (bytes[byte] ?? 0) | (status << (at % 8));
  });
  return bytes;
}

/** A `status_list` claim that holds these statuses. */
export function statusListClaim(bits: StatusBits, statuses: readonly number[]) {
  return { bits, lst: base64url(deflateSync(packedStatuses(bits, statuses))) };
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
