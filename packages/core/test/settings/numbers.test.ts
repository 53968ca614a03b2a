import { describe, expect, it } from '@jest/globals';
import { leewayFrom, positiveSeconds } from '../../src/settings/numbers.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('leewayFrom', () => {
  it('is ten seconds where nothing is said', () => {
    expect(leewayFrom()).toBe(10);
  });

  it.each([0, 0.5, 10, 300])('takes %p', (leeway) => {
    expect(leewayFrom(leeway)).toBe(leeway);
  });

  it.each([-0.001, -1, 300.001, 301, NaN, Infinity, -Infinity, '10', null, true])(
    'refuses %p',
    async (leeway) => {
      await expectSetupError(() => leewayFrom(leeway as number), {
        option: 'leewaySeconds',
        problem: 'it is not a number from 0 to 300',
        remedy: 'leave it at 10',
      });
    },
  );
});

describe('positiveSeconds', () => {
  it.each([undefined, 0.001, 1, 86_400])('takes %p', (seconds) => {
    expect(positiveSeconds(seconds, 'maximumTokenAgeSeconds')).toBe(seconds);
  });

  it.each([0, -1, NaN, Infinity, '600', null])('refuses %p', async (seconds) => {
    await expectSetupError(() => positiveSeconds(seconds as number, 'maximumTokenAgeSeconds'), {
      option: 'maximumTokenAgeSeconds',
      problem: 'it is not a positive number of seconds',
      remedy: 'leave the option out',
    });
  });
});
