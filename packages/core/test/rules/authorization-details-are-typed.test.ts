import { describe, expect, it } from '@jest/globals';
import { authorizationDetailsAreTyped } from '../../src/rules/authorization-details-are-typed.js';
import { expected, signedStatement } from '../support/evidence.js';

describe('authorizationDetailsAreTyped', () => {
  const verdictOn = (details: unknown) =>
    authorizationDetailsAreTyped.check(signedStatement({ authorization_details: details }), expected());

  it.each([
    ['there are none', undefined],
    ['the list is empty', []],
    ['each has a type', [{ type: 'a' }, { type: 'b', actions: ['read'] }]],
    ['another member is of a shape of its own', [{ type: 'a', actions: 'read', locations: {} }]],
  ])('accepts a token where %s', (_what, details) => {
    expect(verdictOn(details)).toBeUndefined();
  });

  it.each([
    ['an object', { type: 'a' }],
    ['a text', 'a'],
    ['null', null],
    ['a list of other things', [1]],
    ['a list with null in it', [null]],
    ['a list with a list in it', [['a']]],
    ['a detail without a type', [{ type: 'a' }, {}]],
    ['a type that is no text', [{ type: 5 }]],
    ['an empty type', [{ type: '' }]],
  ])('rejects %s', (_what, details) => {
    expect(verdictOn(details)).toEqual({
      code: 'token.claim-invalid',
      reason: 'malformed',
      claim: 'authorization_details',
    });
  });
});
