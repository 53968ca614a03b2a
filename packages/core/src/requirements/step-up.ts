import { AssayError, type Reason } from '../assay-error.js';
import type { Principal } from '../principal.js';
import { knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { AuthorizationContext, Requirement } from './requirement.js';
import { isScopeToken } from './scope.js';
import type { StepUpDemand } from './step-up-demand.js';

/**
 * The user was authenticated as strongly and as recently as this route needs. Judged of a token that is good in all else;
 * what the token does not say, or says malformed, does not count.
 *
 * The challenge names what is demanded, so that the client can send its user to log in again. Clocks are forgiven a
 * login in the near future, but nobody more than `maxAgeSeconds`.
 *
 * Error: 401 `authentication.insufficient`.  Throws: `SetupError` for a demand that demands nothing, or cannot be said.
 * Spec: RFC 9470 section 3.
 */
export function stepUp(demand: StepUpDemand): Requirement {
  requireUsable(demand);
  const { acrValues, maxAgeSeconds } = demand;
  const demanded: StepUpDemand = Object.freeze({
    ...(acrValues === undefined ? {} : { acrValues: Object.freeze([...acrValues]) }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  });
  return {
    description: descriptionOf(demanded),
    stepUp: demanded,
    check: (principal, context) => {
      const shortcoming = weakness(principal, demanded) ?? staleness(principal, demanded, context);
      return shortcoming === undefined
        ? undefined
        : new AssayError('authentication.insufficient', { ...shortcoming, stepUp: demanded });
    },
  };
}

interface Shortcoming {
  readonly claim: string;
  readonly reason: Reason;
}

function weakness({ authentication: { acr }, claims }: Principal, { acrValues }: StepUpDemand) {
  if (acrValues === undefined || (acr !== undefined && acrValues.includes(acr))) return undefined;
  return shortcomingOf('acr', claims['acr'], acr);
}

function staleness(
  { authentication: { authTime }, claims }: Principal,
  { maxAgeSeconds }: StepUpDemand,
  { nowSeconds, leewaySeconds }: AuthorizationContext,
) {
  if (maxAgeSeconds === undefined) return undefined;
  const isRecent =
    authTime !== undefined &&
    authTime <= nowSeconds + leewaySeconds &&
    nowSeconds - authTime <= maxAgeSeconds;
  return isRecent ? undefined : shortcomingOf('auth_time', claims['auth_time'], authTime);
}

function shortcomingOf(claim: string, written: unknown, read: string | number | undefined): Shortcoming {
  if (written === undefined) return { claim, reason: 'missing' };
  return { claim, reason: read === undefined ? 'malformed' : 'mismatch' };
}

function descriptionOf({ acrValues, maxAgeSeconds }: StepUpDemand): string {
  return [
    'authentication',
    ...(acrValues === undefined ? [] : [`by acr ${acrValues.join(' or ')}`]),
    ...(maxAgeSeconds === undefined ? [] : [`no longer than ${String(maxAgeSeconds)} s ago`]),
  ].join(' ');
}

function requireUsable(demand: StepUpDemand): void {
  knownOptionsOnly(demand, ['acrValues', 'maxAgeSeconds'] satisfies (keyof StepUpDemand)[], 'stepUp');
  const { acrValues, maxAgeSeconds } = demand as {
    readonly acrValues?: unknown;
    readonly maxAgeSeconds?: unknown;
  };
  const refuse = (option: string, problem: string, remedy: string) =>
    new SetupError({ option, problem, remedy });
  if (acrValues === undefined && maxAgeSeconds === undefined) {
    throw refuse('stepUp', 'it demands nothing', 'Give acrValues, maxAgeSeconds or both.');
  }
  if (acrValues !== undefined && !isListOfWords(acrValues)) {
    throw refuse(
      'stepUp.acrValues',
      'it is not a list of values that a challenge can name',
      'Give at least one value, each of printable ASCII without spaces, quotes and backslashes.',
    );
  }
  if (maxAgeSeconds !== undefined && !(Number.isSafeInteger(maxAgeSeconds) && Number(maxAgeSeconds) >= 0)) {
    throw refuse(
      'stepUp.maxAgeSeconds',
      'it is not a whole number of seconds',
      'Give how long ago the user may have been authenticated, in seconds from 0 on.',
    );
  }
}

function isListOfWords(values: unknown): boolean {
  return (
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value: unknown) => typeof value === 'string' && isScopeToken(value))
  );
}
