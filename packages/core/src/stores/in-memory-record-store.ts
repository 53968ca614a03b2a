import type { Clock } from '../clock.js';
import { boundedEntries, type EntryLimits } from './bounded-entries.js';
import type { JsonValue, RecordStore } from './record-store.js';
import { recordText } from './record-text.js';

/** How much a record store of one process holds. */
export interface RecordLimits extends EntryLimits {
  readonly maximumRecordBytes: number;
}

/**
 * A record store in the memory of this process. Records are kept as JSON text: what a caller does to a value later
 * changes no record.
 *
 * Error: `put` rejects when the store or the owner's share is full, when the value is not JSON or too large, or when
 * `expiresAt` is not a time.
 */
export function inMemoryRecordStore(limits: RecordLimits, clock: Clock): RecordStore {
  const texts = boundedEntries<string>('record store', limits, clock);
  const valueOf = (text: string | undefined) =>
    text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  return {
    put: (record) =>
      Promise.resolve().then(() => {
        texts.set(record, recordText(record.value, limits.maximumRecordBytes), record.expiresAt);
      }),
    get: (key) => Promise.resolve().then(() => valueOf(texts.get(key))),
    take: (key) =>
      Promise.resolve().then(() => {
        const text = texts.get(key);
        texts.delete(key);
        return valueOf(text);
      }),
  };
}
