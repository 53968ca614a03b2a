/** What JSON can say. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue };

/** Which record. */
export interface RecordKey {
  /** What the record is: `pushed-request`, `code`. */
  readonly purpose: string;
  /** Whose record it is, as a tuple: two owners never meet, however their names are spelt. */
  readonly scope: readonly string[];
  readonly id: string;
}

/** A record to keep. */
export interface StoredRecord extends RecordKey {
  readonly value: JsonValue;
  /** From when on the record does not exist any more. Units: seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Keeps records until they are taken or expire.
 *
 * A store that cannot answer throws; it never forgets a live record to make room.
 */
export interface RecordStore {
  /**
   * Keeps a record, in place of one with the same key.
   *
   * Error: rejects when the value is not JSON or too large, when `expiresAt` is not a time, when the store or the owner's
   * share is full, or when the store cannot be reached.
   */
  readonly put: (record: StoredRecord) => Promise<void>;
  /** The value of a record, which stays; `undefined` where there is none. */
  readonly get: (key: RecordKey) => Promise<JsonValue | undefined>;
  /**
   * The value of a record, which is gone from then on; `undefined` where there is none.
   *
   * Atomic: of any number of calls for one record, at any number of instances, at most one gets it.
   */
  readonly take: (key: RecordKey) => Promise<JsonValue | undefined>;
}
