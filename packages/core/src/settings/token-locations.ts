import { SetupError } from '../setup-error.js';
import { tokenLocations as known, type TokenLocation } from '../steps/extract-token.js';

/**
 * The locations in which tokens are accepted. The header is always one of them.
 *
 * Throws: `SetupError`.
 * Spec: RFC 6750 section 2.
 */
export function tokenLocationsFrom(
  locations: unknown = ['header'],
  option = 'tokenLocations',
): ReadonlySet<TokenLocation> {
  const refuse = (problem: string) =>
    new SetupError({
      option,
      problem,
      remedy: "Give a list that begins with 'header', and add 'form' or 'query' only where clients need it.",
    });
  if (!Array.isArray(locations)) throw refuse('it is not a list');
  if (!locations.every(isTokenLocation)) throw refuse('there is no such location');
  const enabled = new Set(locations);
  if (enabled.size !== locations.length) throw refuse('a location stands twice');
  if (!enabled.has('header')) throw refuse('the Authorization header always has to be accepted');
  return enabled;
}

function isTokenLocation(location: unknown): location is TokenLocation {
  return (known as readonly unknown[]).includes(location);
}
