import type { LaterStep } from '../appraisal.js';
import { Principal } from '../principal.js';
import type { StandingCheck } from './standing-check.js';

/** The checks of whether a token still stands, as steps of an appraisal. */
export function standingSteps(checks: readonly StandingCheck[]): readonly LaterStep[] {
  return checks.map(({ guarantees, spec, check }) => ({
    guarantees,
    spec,
    check: (token) => check(Principal.from(token)),
  }));
}
