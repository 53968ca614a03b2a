import type { Rule } from '../rules/rule.js';

/** A kind of JWT: its name, its specification, and the rules that one of it satisfies, in order. */
export interface Profile<Kind extends string = string> {
  readonly name: Kind;
  readonly spec: string;
  readonly rules: readonly Rule[];
}
