import { accessToken } from '../profiles/access-token.js';
import { standardReading } from '../profiles/claim-reading.js';
import { introspectedToken } from '../profiles/introspected-token.js';
import type { Profile } from '../profiles/profile.js';

const composed = new WeakMap<Profile<'access-token'>, Profile<'access-token'>>();

/**
 * The profile of the introspected tokens of an issuer, given that of its JWTs: the rules that somebody has added for JWTs
 * count here as well. A compatibility preset has nothing to relax, because the members of an answer have the names of
 * RFC 7662.
 */
export function introspectedProfile(ofJwts: Profile<'access-token'>): Profile<'access-token'> {
  const profile = composed.get(ofJwts) ?? composedWith(ofJwts);
  composed.set(ofJwts, profile);
  return profile;
}

function composedWith({
  rules,
  reading = standardReading,
}: Profile<'access-token'>): Profile<'access-token'> {
  const isStricter = accessToken.rules.every((rule) => rules.includes(rule));
  const added = isStricter ? rules.filter((rule) => !accessToken.rules.includes(rule)) : [];
  const { subjectKind } = reading;
  return {
    ...introspectedToken,
    rules: [...introspectedToken.rules, ...added],
    reading: { ...standardReading, subjectKind },
  };
}
