import { defaultKeyPolicy, type KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import { knownOptionsOnly } from './options.js';

const ranges: Readonly<Record<keyof KeyPolicy, { readonly least: number; readonly most: number }>> = {
  maximumAgeSeconds: { least: 1, most: 86_400 },
  refreshAfterSeconds: { least: 1, most: 86_400 },
  staleIfErrorSeconds: { least: 0, most: 86_400 },
  fetchTimeoutMs: { least: 1, most: 60_000 },
  maximumBytes: { least: 1, most: 16 * 1024 * 1024 },
  unknownKidFetchesPerMinute: { least: 1, most: 60 },
};

/**
 * The key policy, the defaults filled in. Where only the age is given, the refresh starts at half of it at the latest.
 *
 * Throws: `SetupError`.
 */
export function keyPolicyFrom(given: Partial<KeyPolicy> = {}, option = 'keyPolicy'): KeyPolicy {
  const names = Object.keys(defaultKeyPolicy) as (keyof KeyPolicy)[];
  knownOptionsOnly(given, names, option);
  const written = Object.fromEntries(
    Object.entries<unknown>(given).filter(([, value]) => value !== undefined),
  );
  const policy: KeyPolicy = { ...defaultKeyPolicy, ...refreshInTime(given), ...written };
  const refuse = (name: keyof KeyPolicy, problem: string, remedy: string) =>
    new SetupError({ option: `${option}.${name}`, problem, remedy });

  for (const name of names) {
    const { least, most } = ranges[name];
    const value: unknown = policy[name];
    if (typeof value === 'number' && value >= least && value <= most) continue;
    throw refuse(
      name,
      `it is not a number from ${String(least)} to ${String(most)}`,
      `Give one, or leave the option out; the default is ${String(defaultKeyPolicy[name])}.`,
    );
  }
  if (policy.refreshAfterSeconds > policy.maximumAgeSeconds) {
    throw refuse(
      'refreshAfterSeconds',
      'it is above maximumAgeSeconds',
      'Refresh before the keys are too old.',
    );
  }
  return policy;
}

function refreshInTime({ maximumAgeSeconds }: Partial<KeyPolicy>): Partial<KeyPolicy> {
  if (maximumAgeSeconds === undefined) return {};
  return { refreshAfterSeconds: Math.min(defaultKeyPolicy.refreshAfterSeconds, maximumAgeSeconds / 2) };
}
