import { describe, expect, it } from '@jest/globals';
import { principal } from '@assay/testing';
import type { StepUpDemand } from '../../src/requirements/step-up-demand.js';
import { stepUp } from '../../src/requirements/step-up.js';
import { authorizationContext } from '../support/authorization-context.js';
import { nowSeconds } from '../support/evidence.js';
import { expectSetupError } from '../support/setup-problem.js';

function refusalOf(demand: StepUpDemand, claims: Record<string, unknown>, leewaySeconds = 0) {
  return stepUp(demand).check(principal(claims), authorizationContext({ leewaySeconds }));
}

describe('stepUp by acr', () => {
  const demand = { acrValues: ['gold', 'platinum'] };

  it.each(['gold', 'platinum'])('is met by %s', (acr) => {
    expect(refusalOf(demand, { acr })).toBeUndefined();
  });

  it.each([
    ['another one', 'silver', 'mismatch'],
    ['one in another case', 'Gold', 'mismatch'],
    ['both in one text', 'gold platinum', 'mismatch'],
    ['an empty text', '', 'mismatch'],
    ['none', undefined, 'missing'],
    ['a number', 2, 'malformed'],
    ['a list with a good one', ['gold'], 'malformed'],
  ])('is not met by %s', (_what, acr, reason) => {
    expect(refusalOf(demand, { acr })).toMatchObject({
      code: 'authentication.insufficient',
      claim: 'acr',
      reason,
      stepUp: demand,
    });
  });

  it('does not ask when the user was authenticated', () => {
    expect(refusalOf(demand, { acr: 'gold', auth_time: 0 })).toBeUndefined();
  });
});

describe('stepUp by age', () => {
  const demand = { maxAgeSeconds: 300 };

  it.each([
    ['at the limit', nowSeconds - 300, 0],
    ['just now', nowSeconds, 0],
    ['in as near a future as clocks are forgiven', nowSeconds + 10, 10],
  ])('is met by a login %s', (_when, authTime, leewaySeconds) => {
    expect(refusalOf(demand, { auth_time: authTime }, leewaySeconds)).toBeUndefined();
  });

  it.each([
    ['longer ago', nowSeconds - 301, 0, 'mismatch'],
    ['longer ago, which no leeway stretches', nowSeconds - 301, 10, 'mismatch'],
    ['a fraction of a second longer ago', nowSeconds - 300.5, 0, 'mismatch'],
    ['in the future', nowSeconds + 1, 0, 'mismatch'],
    ['farther in the future than clocks are forgiven', nowSeconds + 11, 10, 'mismatch'],
    ['at no time', undefined, 0, 'missing'],
    ['at a text', String(nowSeconds), 0, 'malformed'],
    ['at no number', null, 0, 'malformed'],
  ])('is not met by a login %s', (_when, authTime, leewaySeconds, reason) => {
    expect(refusalOf(demand, { auth_time: authTime }, leewaySeconds)).toMatchObject({
      code: 'authentication.insufficient',
      claim: 'auth_time',
      reason,
      stepUp: demand,
    });
  });

  it('does not take iat for the time of the login', () => {
    expect(refusalOf(demand, { iat: nowSeconds })).toMatchObject({ claim: 'auth_time', reason: 'missing' });
  });

  it('can ask for a login at this very moment', () => {
    expect(refusalOf({ maxAgeSeconds: 0 }, { auth_time: nowSeconds })).toBeUndefined();
    expect(refusalOf({ maxAgeSeconds: 0 }, { auth_time: nowSeconds - 1 })).toMatchObject({
      claim: 'auth_time',
    });
  });
});

describe('stepUp', () => {
  const both = { acrValues: ['gold'], maxAgeSeconds: 300 };

  it.each([
    ['both', { acr: 'gold', auth_time: nowSeconds }, undefined],
    ['a strong login long ago', { acr: 'gold', auth_time: nowSeconds - 301 }, 'auth_time'],
    ['a weak login just now', { acr: 'silver', auth_time: nowSeconds }, 'acr'],
  ])('holds %s to strength and age', (_what, claims, claim) => {
    const refusal = refusalOf(both, claims);
    expect(refusal === undefined ? undefined : (refusal as { claim?: string }).claim).toBe(claim);
  });

  it('names the whole demand, whichever half is missing', () => {
    expect(refusalOf(both, { acr: 'silver', auth_time: nowSeconds })).toMatchObject({ stepUp: both });
    expect(refusalOf(both, { acr: 'gold' })).toMatchObject({ stepUp: both });
  });

  it('is not changed by what becomes of the list that it was made with', () => {
    const acrValues = ['gold'];
    const requirement = stepUp({ acrValues });
    acrValues.push('silver');
    expect(requirement.check(principal({ acr: 'silver' }), authorizationContext())).toMatchObject({
      stepUp: { acrValues: ['gold'] },
    });
  });

  it.each([
    [{ acrValues: ['gold', 'platinum'] }, 'authentication by acr gold or platinum'],
    [{ maxAgeSeconds: 300 }, 'authentication no longer than 300 s ago'],
    [both, 'authentication by acr gold no longer than 300 s ago'],
  ])('says in the report what %j demands', (demand, description) => {
    expect(stepUp(demand).description).toBe(description);
  });

  it.each([
    [{}, 'stepUp', 'it demands nothing', 'Give acrValues'],
    [{ acrValues: undefined }, 'stepUp', 'it demands nothing', 'Give acrValues'],
    [undefined, 'stepUp', 'it is not an object', 'Give an object with acrValues'],
    [{ maxAge: 300 }, 'stepUp.maxAge', 'there is no such option', 'Known options: acrValues, maxAgeSeconds'],
    ...[[], 'gold', [''], ['gold platinum'], ['a"b'], ['a\r\nb'], [7], null].map((acrValues) => [
      { acrValues },
      'stepUp.acrValues',
      'it is not a list of values that a challenge can name',
      'Give at least one value',
    ]),
    ...[-1, 1.5, Number.NaN, Infinity, '300', null].map((maxAgeSeconds) => [
      { acrValues: ['gold'], maxAgeSeconds },
      'stepUp.maxAgeSeconds',
      'it is not a whole number of seconds',
      'Give how long ago',
    ]),
  ] as [StepUpDemand, string, string, string][])(
    'refuses %j at start',
    async (demand, option, problem, remedy) => {
      await expectSetupError(() => stepUp(demand), { option, problem, remedy });
    },
  );
});
