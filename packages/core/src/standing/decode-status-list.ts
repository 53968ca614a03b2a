import { promisify } from 'node:util';
import { inflate, type Inflate, type ZlibOptions } from 'node:zlib';
import { AssayError } from '../assay-error.js';
import { decodeBase64url } from '../encoding/base64url.js';
import { isStatusListClaim, type StatusBits } from '../rules/status-list-is-usable.js';

/** The statuses of many tokens: packed bytes, and how many bits each status has. */
export interface StatusList {
  readonly bits: StatusBits;
  readonly bytes: Uint8Array;
}

/** How large a list may be when it is unpacked, unless the policy says otherwise. Units: bytes. */
export const defaultMaximumInflatedBytes = 8 * 1024 * 1024;

// The types of Node know of no answer to `info`.
const inflateWithInfo = promisify(inflate) as unknown as (
  data: Uint8Array,
  options: ZlibOptions,
) => Promise<{ readonly buffer: Buffer; readonly engine: Inflate }>;

/**
 * The list that a `status_list` claim encodes: unpadded base64url of exactly one ZLIB stream, which is read no further
 * than the limit.
 *
 * Units: bytes of the unpacked list; default 8388608.
 * Error: `token.status-list-refused`.
 * Spec: draft-ietf-oauth-status-list sections 4.1, 4.2 and 8.3, step 5.
 */
export async function decodeStatusList(
  claim: unknown,
  maximumInflatedBytes = defaultMaximumInflatedBytes,
): Promise<StatusList> {
  if (!isStatusListClaim(claim)) throw refusal();
  const packed = decodeBase64url(claim.lst);
  if (packed === undefined) throw refusal();
  return { bits: claim.bits, bytes: await unpack(packed, maximumInflatedBytes) };
}

async function unpack(packed: Uint8Array, maximumInflatedBytes: number): Promise<Uint8Array> {
  let unpacked;
  try {
    unpacked = await inflateWithInfo(packed, { info: true, maxOutputLength: maximumInflatedBytes });
  } catch (cause) {
    throw refusal(cause);
  }
  // What follows the stream would be nobody's: zlib stops reading where the checksum ends.
  if (unpacked.engine.bytesWritten !== packed.length) throw refusal();
  return unpacked.buffer;
}

function refusal(cause?: unknown): AssayError {
  return new AssayError('token.status-list-refused', { claim: 'status_list', reason: 'malformed', cause });
}

/**
 * The status at an index, counted from the least significant bit of the first byte; `undefined` outside the list.
 *
 * Spec: draft-ietf-oauth-status-list sections 4.1 and 8.3, step 6.
 */
export function statusAt({ bits, bytes }: StatusList, index: number): number | undefined {
  if (!Number.isSafeInteger(index)) return undefined;
  const perByte = 8 / bits;
  const byte = bytes[Math.floor(index / perByte)];
  return byte === undefined ? undefined : (byte >> ((index % perByte) * bits)) & (2 ** bits - 1);
}
