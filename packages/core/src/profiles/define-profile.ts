import type { Rule } from '../rules/rule.js';
import { SetupError } from '../setup-error.js';
import type { Profile } from './profile.js';

/** What a profile of one's own adds to another. */
export interface ProfileDefinition<Kind extends string> {
  readonly name: string;
  /** The profile whose every rule stays in force. */
  readonly extends: Profile<Kind>;
  /** The rules that come after those. */
  readonly rules: readonly Rule[];
  /** Default: the specification of the profile that is extended. */
  readonly spec?: string;
}

/**
 * A profile that adds rules to another. It cannot drop one: to weaken a profile is to write a new one down.
 *
 * Throws: `SetupError` for a profile without a name, a name that is taken, or no rules.
 */
export function defineProfile<Kind extends string>(definition: ProfileDefinition<Kind>): Profile<Kind> {
  const { name, extends: base, rules, spec } = definition;
  const refuse = (option: string, problem: string, remedy: string) =>
    new SetupError({ option: `defineProfile.${option}`, problem, remedy });
  if (typeof name !== 'string' || name === '' || name === base.name) {
    throw refuse('name', 'the profile has no name of its own', 'Give it one, for records and errors.');
  }
  if (rules.length === 0) {
    throw refuse(
      'rules',
      'the profile adds no rule',
      'Add at least one, or use the profile that it extends.',
    );
  }
  const unusable = rules.findIndex(
    (rule: Partial<Rule>) => typeof rule.check !== 'function' || !rule.guarantees,
  );
  if (unusable !== -1) {
    throw refuse(
      `rules[${String(unusable)}]`,
      'it is not a rule',
      'Give { guarantees, spec, check }, where check returns nothing or a finding.',
    );
  }
  return Object.freeze({
    ...base,
    name,
    spec: spec ?? base.spec,
    rules: Object.freeze([...base.rules, ...rules]),
  });
}
