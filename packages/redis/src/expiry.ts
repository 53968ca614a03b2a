/**
 * The expiry as Redis is told it, a whole number that is never earlier than what was asked.
 *
 * Units: from seconds since the epoch to milliseconds since the epoch.
 * Error: `RangeError` when it is not a time.
 */
export function expiryMsOf(expiresAt: number): number {
  const expiryMs = Math.ceil(expiresAt * 1000);
  if (Number.isSafeInteger(expiryMs)) return expiryMs;
  throw new RangeError('expiresAt is not a time');
}
