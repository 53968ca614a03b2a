import type { RecordKey, Reservation, StoredRecord } from '@assay/core';

/** Units: seconds since the epoch. */
export const nowSeconds = () => Date.now() / 1000;

const owner = { purpose: 'dpop-proof', scope: ['thumbprint', 'https://api.example/orders'] } as const;

/** A thing to use, good for five minutes. */
export function thing(id: string, changes: Partial<Reservation> = {}): Reservation {
  return { ...owner, id, expiresAt: nowSeconds() + 300, ...changes };
}

/** A record to put, good for five minutes. */
export function record(id: string, changes: Partial<StoredRecord> = {}): StoredRecord {
  return { ...owner, id, value: { for: id }, expiresAt: nowSeconds() + 300, ...changes };
}

/** The key of such a record. */
export function recordKey(id: string): RecordKey {
  return { ...owner, id };
}
