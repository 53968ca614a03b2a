import type { Rule } from '../rules/rule.js';
import type { ClaimReading } from './claim-reading.js';

/** A kind of JWT: its name, its specification, and the rules that one of it satisfies, in order. */
export interface Profile<Kind extends string = string> {
  /** What the JWT is. Profiles of one kind differ in strictness or dialect, not in what they speak of. */
  readonly kind: Kind;
  /** What this profile is called in errors and records. */
  readonly name: string;
  readonly spec: string;
  readonly rules: readonly Rule[];
  /** Under which names the claims stand. Default: those of the specification. */
  readonly reading?: ClaimReading;
}
