import type { Clock, SingleUseStore } from '@assay/core';
import { expiryMsOf } from './expiry.js';
import { ownUses } from './own-uses.js';
import { RedisStoreError } from './redis-store-error.js';
import { reserveScript } from './scripts.js';
import type { StoreKeys } from './store-keys.js';
import type { ScriptCall } from './script-call.js';

/**
 * A single-use store on Redis. Of any number of calls for one thing, at any number of instances, exactly one is answered
 * `reserved`.
 *
 * Error: `reserve` rejects with `RedisStoreError` or, where Redis evicts, `SetupError`; `RangeError` when `expiresAt` is
 * not a time.
 */
export function redisSingleUseStore({
  keys,
  call,
  clock,
  clockDifferenceMs,
  maximumEntriesPerOwner,
}: {
  readonly keys: StoreKeys;
  readonly call: ScriptCall;
  readonly clock: Clock;
  readonly clockDifferenceMs: number;
  readonly maximumEntriesPerOwner: number;
}): SingleUseStore {
  const own = ownUses(clock);
  return {
    async reserve(reservation) {
      const key = keys.used(reservation);
      const member = keys.member(reservation);
      const expiryMs = expiryMsOf(reservation.expiresAt);
      const answer = await call(reserveScript, {
        keys: [key],
        values: [member, expiryMs, clockDifferenceMs, maximumEntriesPerOwner].map(String),
      });
      if (answer === 'replayed') return 'replayed';
      if (answer === 'full') throw new RedisStoreError('share-used-up');
      if (answer === 'expired') throw new RedisStoreError('expired');
      if (answer !== 'reserved') throw new RedisStoreError('answer-unknown');
      return own.isFirst(`${key}:${member}`, reservation.expiresAt) ? 'reserved' : 'replayed';
    },
  };
}
