import { compatibilityPresets, type CompatibilityName } from '../compatibility/presets.js';
import { standardReading } from '../profiles/claim-reading.js';
import { accessToken } from '../profiles/access-token.js';
import type { Profile } from '../profiles/profile.js';
import { SetupError } from '../setup-error.js';
import type { PerIssuerOptions } from './issuer-options.js';

type ProfileAt = (nowSeconds: number) => Profile<'access-token'>;

/**
 * The profile of an issuer's access tokens at a moment: RFC 9068's, a stricter one, or a compatibility preset until it
 * ends.
 *
 * Throws: `SetupError`.
 */
export function profileFrom(
  { profile = accessToken, compatibility, subjectKind }: PerIssuerOptions,
  where: string,
): ProfileAt {
  const withSubjectKind = (chosen: Profile<'access-token'>): Profile<'access-token'> =>
    subjectKind === undefined
      ? chosen
      : { ...chosen, reading: { ...(chosen.reading ?? standardReading), subjectKind } };
  requireAccessTokenProfile(profile, `${where}profile`);
  const strict = withSubjectKind(profile);
  if (compatibility === undefined) return () => strict;
  if (profile !== accessToken) {
    throw new SetupError({
      option: `${where}compatibility`,
      problem: 'it stands beside a profile, so that it is not said which of the two counts',
      remedy: 'Keep one of the two.',
    });
  }
  const { preset, until } = typeof compatibility === 'string' ? { preset: compatibility } : compatibility;
  const relaxed = withSubjectKind(presetFrom(preset, `${where}compatibility`).profile);
  const endsAtSeconds = endFrom(until, `${where}compatibility.until`);
  return (nowSeconds) => (nowSeconds < endsAtSeconds ? relaxed : strict);
}

function requireAccessTokenProfile(profile: Profile, option: string): void {
  if (profile.kind === 'access-token' && accessToken.rules.every((rule) => profile.rules.includes(rule)))
    return;
  throw new SetupError({
    option,
    problem: 'it is not a profile of access tokens that keeps every rule of RFC 9068',
    remedy: 'Make it with defineProfile({ name, extends: accessTokenProfile, rules }).',
  });
}

function presetFrom(name: CompatibilityName, option: string) {
  if (Object.hasOwn(compatibilityPresets, name)) return compatibilityPresets[name];
  throw new SetupError({
    option,
    problem: 'there is no such preset',
    remedy: `Use one of ${Object.keys(compatibilityPresets).join(', ')}.`,
  });
}

function endFrom(until: string | undefined, option: string): number {
  if (until === undefined) return Infinity;
  const endsAtMs = Date.parse(until);
  if (!Number.isNaN(endsAtMs)) return endsAtMs / 1000;
  throw new SetupError({
    option,
    problem: 'it is not a date',
    remedy: "Give the day on which the relaxation ends, for instance '2027-06-30'.",
  });
}
