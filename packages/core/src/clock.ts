/**
 * The source of the current time. Every factory takes one, so that tests never wait.
 *
 * Units: milliseconds since the epoch, fractions allowed.
 */
export interface Clock {
  readonly nowMs: () => number;
}

/** The clock of the machine. */
export const systemClock: Clock = { nowMs: () => Date.now() };
