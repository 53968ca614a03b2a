import type { StandingCheck, StandingSubject } from './standing-check.js';

/**
 * Lets a token pass that still stands, as far as every check can tell. They are asked one after another: what the first
 * refuses, no other is asked about.
 *
 * Error: that of the first check that refuses.
 */
export async function ensureStanding(
  token: StandingSubject,
  checks: readonly StandingCheck[],
): Promise<void> {
  for (const { check } of checks) await check(token);
}
