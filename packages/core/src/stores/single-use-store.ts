/**
 * One thing that may be used once.
 */
export interface Reservation {
  /** What the identifier is for: `jwt-bearer-grant`, `client-assertion`, `dpop-proof`. */
  readonly purpose: string;
  /** Whose identifier it is, as a tuple: two owners never meet, however their names are spelt. */
  readonly scope: readonly string[];
  readonly id: string;
  /** When the thing would be refused anyway. Units: seconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Remembers what may be used once, until it would expire anyway.
 *
 * `reserve` is atomic: of any number of calls for one thing, at any number of instances, exactly one is answered
 * `reserved`. A store that cannot answer throws; it never forgets a live entry to make room.
 */
export interface SingleUseStore {
  readonly reserve: (reservation: Reservation) => Promise<'reserved' | 'replayed'>;
}
