import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import { decodeBase64url } from '../encoding/base64url.js';

/** What a server makes of a nonce: its own and recent, recent but soon old, or neither. */
export type NonceVerdict = 'good' | 'aging' | 'refused';

/** A server's freshness values for DPoP proofs. */
export interface DpopNonces {
  /** A new one. */
  readonly fresh: () => string;
  readonly judge: (nonce: string) => NonceVerdict;
}

/** What nonces are made of. */
export interface DpopNoncesOptions {
  /** The first makes nonces; all are accepted, so that secrets can be changed without a pause. */
  readonly secrets: readonly Uint8Array[];
  /** Who makes them: the nonces of one server are none of another's, even with the same secret. */
  readonly owner: string;
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
}

const timeBytes = 6;
const randomLength = 12;
const macBytes = 16;
const nonceBytes = timeBytes + randomLength + macBytes;

/**
 * Nonces that need no store: the time they were made, random bytes, and a MAC over both. Instances that share the
 * secret accept each other's. In the last quarter of its life a nonce is still good, and time to hand out the next.
 *
 * Spec: RFC 9449 sections 8, 8.2 and 9.
 */
export function createDpopNonces({ secrets, owner, lifetimeSeconds, clock }: DpopNoncesOptions): DpopNonces {
  const keys = secrets.map((secret) =>
    createHmac('sha256', secret).update(`assay dpop nonce\0${owner}`).digest(),
  );
  const [first] = keys;
  if (first === undefined) throw new RangeError('there is no secret to make nonces with');

  function judge(nonce: string): NonceVerdict {
    const bytes = nonce.length > nonceBytes * 2 ? undefined : decodeBase64url(nonce);
    if (bytes?.length !== nonceBytes) return 'refused';
    const content = bytes.subarray(0, timeBytes + randomLength);
    const mac = bytes.subarray(timeBytes + randomLength);
    if (!keys.some((key) => timingSafeEqual(macOf(key, content), mac))) return 'refused';
    const ageSeconds = (clock.nowMs() - bytes.readUIntBE(0, timeBytes)) / 1000;
    // Made on an instance whose clock is a little ahead it is as good; a clock that was set back ends it.
    if (ageSeconds >= lifetimeSeconds || ageSeconds < -lifetimeSeconds) return 'refused';
    return ageSeconds < lifetimeSeconds * 0.75 ? 'good' : 'aging';
  }

  return {
    fresh() {
      const content = Buffer.alloc(timeBytes + randomLength);
      content.writeUIntBE(Math.floor(clock.nowMs()), 0, timeBytes);
      randomBytes(randomLength).copy(content, timeBytes);
      return Buffer.concat([content, macOf(first, content)]).toString('base64url');
    },
    judge,
  };
}

function macOf(key: Uint8Array, content: Uint8Array): Buffer {
  return createHmac('sha256', key).update(content).digest().subarray(0, macBytes);
}
