import { describe, expect, it } from '@jest/globals';
import { combinedStepUp } from '../../src/requirements/step-up-demand.js';

describe('combinedStepUp', () => {
  it('is nothing where nothing is demanded', () => {
    expect(combinedStepUp([])).toBeUndefined();
  });

  it.each([
    [[{ acrValues: ['gold'] }, { maxAgeSeconds: 300 }], { acrValues: ['gold'], maxAgeSeconds: 300 }],
    [[{ maxAgeSeconds: 300 }, { maxAgeSeconds: 60 }], { maxAgeSeconds: 60 }],
    [[{ maxAgeSeconds: 0 }, { maxAgeSeconds: 60 }], { maxAgeSeconds: 0 }],
    [
      [{ acrValues: ['a', 'b', 'c'] }, { maxAgeSeconds: 300 }, { acrValues: ['c', 'b'] }],
      { acrValues: ['b', 'c'], maxAgeSeconds: 300 },
    ],
    [[{ acrValues: ['a'] }, { acrValues: ['b'] }], { acrValues: [] }],
  ])('of %j is what satisfies each of them', (demands, combined) => {
    expect(combinedStepUp(demands)).toEqual(combined);
  });
});
