import { SetupError } from '../setup-error.js';
import { defaultStatusListPolicy, type StatusListPolicy } from '../standing/status-list-policy.js';
import { numbersWithin, type Range } from './ranges.js';

const mebibyte = 1024 * 1024;

const ranges: Readonly<Record<keyof StatusListPolicy, Range>> = {
  minimumAgeSeconds: { least: 1, most: 86_400 },
  defaultAgeSeconds: { least: 1, most: 86_400 },
  maximumAgeSeconds: { least: 1, most: 86_400 },
  staleIfErrorSeconds: { least: 0, most: 86_400 },
  fetchTimeoutMs: { least: 1, most: 60_000 },
  maximumBytes: { least: 1, most: 64 * mebibyte },
  maximumInflatedBytes: { least: 1, most: 256 * mebibyte },
  maximumLists: { least: 1, most: 10_000 },
  maximumCachedBytes: { least: 1, most: 1024 * mebibyte },
};

/**
 * The policy for status lists, the defaults filled in.
 *
 * Throws: `SetupError`.
 */
export function statusListPolicyFrom(
  given: Partial<StatusListPolicy> = {},
  option = 'statusListPolicy',
): StatusListPolicy {
  const policy = numbersWithin(given, defaultStatusListPolicy, ranges, option);
  const refuse = (name: keyof StatusListPolicy, problem: string, remedy: string) =>
    new SetupError({ option: `${option}.${name}`, problem, remedy });
  const { minimumAgeSeconds, defaultAgeSeconds, maximumAgeSeconds } = policy;
  if (minimumAgeSeconds > maximumAgeSeconds) {
    throw refuse(
      'minimumAgeSeconds',
      'it is above maximumAgeSeconds',
      'Give a lower bound below the upper one.',
    );
  }
  if (policy.maximumInflatedBytes > policy.maximumCachedBytes) {
    throw refuse(
      'maximumCachedBytes',
      'it is below maximumInflatedBytes, so that one list may be too large to be kept',
      'Give room for at least one list.',
    );
  }
  const defaultAge = Math.min(Math.max(defaultAgeSeconds, minimumAgeSeconds), maximumAgeSeconds);
  return { ...policy, defaultAgeSeconds: defaultAge };
}
