import { defaultKeyPolicy, type KeyPolicy } from '../keys/key-policy.js';
import { SetupError } from '../setup-error.js';
import { numbersWithin, type Range } from './ranges.js';

const ranges: Readonly<Record<keyof KeyPolicy, Range>> = {
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
  const policy = numbersWithin(given, { ...defaultKeyPolicy, ...refreshInTime(given) }, ranges, option);
  if (policy.refreshAfterSeconds <= policy.maximumAgeSeconds) return policy;
  throw new SetupError({
    option: `${option}.refreshAfterSeconds`,
    problem: 'it is above maximumAgeSeconds',
    remedy: 'Refresh before the keys are too old.',
  });
}

function refreshInTime(given: Partial<KeyPolicy>): Partial<KeyPolicy> {
  const { maximumAgeSeconds } = Object(given) as Partial<KeyPolicy>;
  if (maximumAgeSeconds === undefined) return {};
  return { refreshAfterSeconds: Math.min(defaultKeyPolicy.refreshAfterSeconds, maximumAgeSeconds / 2) };
}
