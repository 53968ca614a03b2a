import { SetupError } from '../setup-error.js';

/** The default clock difference that is forgiven. Units: seconds. */
export const defaultLeewaySeconds = 10;

/**
 * The leeway, 0 to 300 seconds.
 *
 * Throws: `SetupError`.
 */
export function leewayFrom(leewaySeconds: number = defaultLeewaySeconds, option = 'leewaySeconds'): number {
  if (Number.isFinite(leewaySeconds) && leewaySeconds >= 0 && leewaySeconds <= 300) return leewaySeconds;
  throw new SetupError({
    option,
    problem: 'it is not a number from 0 to 300',
    remedy: 'Give the clock difference to forgive in seconds, or leave it at 10.',
  });
}

/**
 * A duration in seconds, more than nothing; `undefined` stays so.
 *
 * Throws: `SetupError`.
 */
export function positiveSeconds<Given extends number | undefined>(seconds: Given, option: string): Given {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds > 0)) return seconds;
  throw new SetupError({
    option,
    problem: 'it is not a positive number of seconds',
    remedy: 'Give a positive number of seconds, or leave the option out.',
  });
}
