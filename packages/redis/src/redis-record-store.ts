import { recordText, type Clock, type JsonValue, type RecordStore } from '@assay/core';
import { expiryMsOf } from './expiry.js';
import { RedisStoreError } from './redis-store-error.js';
import { getScript, putScript, takeScript } from './scripts.js';
import type { ScriptCall } from './script-call.js';
import type { StoreKeys } from './store-keys.js';

/**
 * A record store on Redis. Of any number of calls that take a record, at any number of instances, at most one gets it.
 *
 * A record is gone at its expiry by the clock of the instance that asks; Redis forgets it later.
 *
 * Error: every call rejects with `RedisStoreError` or, where Redis evicts, `SetupError`; `put` also when the value is not
 * JSON or too large, or when `expiresAt` is not a time.
 */
export function redisRecordStore({
  keys,
  call,
  clock,
  clockDifferenceMs,
  maximumRecordsPerOwner,
  maximumRecordBytes,
}: {
  readonly keys: StoreKeys;
  readonly call: ScriptCall;
  readonly clock: Clock;
  readonly clockDifferenceMs: number;
  readonly maximumRecordsPerOwner: number;
  readonly maximumRecordBytes: number;
}): RecordStore {
  const liveValue = (text: string | null): JsonValue | undefined => {
    if (text === null) return undefined;
    const { value, expiresAt } = recordFrom(text);
    return expiresAt > clock.nowMs() / 1000 ? value : undefined;
  };

  return {
    async put(record) {
      const { value, expiresAt } = record;
      const text = `{"expiresAt":${String(expiresAt)},"value":${recordText(value, maximumRecordBytes)}}`;
      const numbers = [expiryMsOf(expiresAt), clockDifferenceMs, maximumRecordsPerOwner].map(String);
      const answer = await call(putScript, {
        keys: keys.record(record),
        values: [keys.member(record), ...numbers, text],
      });
      if (answer === 'full') throw new RedisStoreError('share-used-up');
      if (answer === 'expired') throw new RedisStoreError('expired');
      if (answer !== 'stored') throw new RedisStoreError('answer-unknown');
    },
    async get(key) {
      return liveValue(await call(getScript, { keys: keys.record(key) }));
    },
    async take(key) {
      return liveValue(await call(takeScript, { keys: keys.record(key), values: [keys.member(key)] }));
    },
  };
}

interface KeptRecord {
  readonly value: JsonValue;
  readonly expiresAt: number;
}

/** A record as it was put, and nothing else that may stand in its place. */
function recordFrom(text: string): KeptRecord {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    // The parser's message quotes the record.
  }
  if (isKeptRecord(kept)) return kept;
  throw new RedisStoreError('answer-unknown');
}

function isKeptRecord(kept: unknown): kept is KeptRecord {
  if (typeof kept !== 'object' || kept === null) return false;
  return typeof (kept as Partial<KeptRecord>).expiresAt === 'number' && 'value' in kept;
}
