import { SetupError } from '../setup-error.js';
import { knownOptionsOnly } from './options.js';

/** What a setting may be. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/**
 * Settings that are numbers, each within its range, the defaults filled in.
 *
 * Throws: `SetupError`.
 */
export function numbersWithin<Settings extends Readonly<Record<keyof Settings, number>>>(
  given: Partial<Settings>,
  defaults: Settings,
  ranges: Readonly<Record<keyof Settings, Range>>,
  option: string,
): Settings {
  const names = Object.keys(defaults) as (keyof Settings & string)[];
  knownOptionsOnly(given, names, option);
  const written = Object.fromEntries(
    Object.entries<unknown>(given).filter(([, value]) => value !== undefined),
  );
  const settings: Settings = { ...defaults, ...written };
  for (const name of names) {
    const { least, most } = ranges[name];
    const value: unknown = settings[name];
    if (typeof value === 'number' && value >= least && value <= most) continue;
    throw new SetupError({
      option: option === '' ? name : `${option}.${name}`,
      problem: `it is not a number from ${String(least)} to ${String(most)}`,
      remedy: `Give one, or leave the option out; the default is ${String(defaults[name])}.`,
    });
  }
  return settings;
}
