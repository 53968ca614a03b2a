import { describe, expect, it } from '@jest/globals';
import { anyScope, audience, claim, scope } from '@assay/core';
import { scopeChoices } from '../../src/swagger/security-of.js';

describe('scopeChoices', () => {
  it.each([
    ['nothing', [], [[]]],
    ['what is not about scopes', [claim('tenant', 'blue'), audience('https://api.example')], [[]]],
    ['all of some scopes', [scope('a', 'b'), scope('b', 'c')], [['a', 'b', 'c']]],
    ['any of some scopes', [anyScope('a', 'b')], [['a'], ['b']]],
    [
      'all of some and any of others',
      [scope('x'), anyScope('a', 'b')],
      [
        ['x', 'a'],
        ['x', 'b'],
      ],
    ],
    ['any of what is demanded anyway', [scope('a'), anyScope('a', 'b')], [['a']]],
    ['any of some, twice', [anyScope('a', 'b'), anyScope('a', 'b')], [['a'], ['b']]],
    [
      'any of some, and of others that overlap',
      [anyScope('a', 'b'), anyScope('b', 'c')],
      [['a', 'c'], ['b']],
    ],
    ['the same in another order', [anyScope('a', 'b'), anyScope('b', 'a')], [['a'], ['b']]],
    ['what is not disclosed', [scope(['a'], { disclosed: false }), scope('b')], [['b']]],
  ])('gives the least that is enough for %s', (_case, requirements, choices) => {
    expect(scopeChoices(requirements)).toEqual(choices);
  });
});
