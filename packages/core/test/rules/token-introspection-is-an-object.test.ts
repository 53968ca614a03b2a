import { describe, expect, it } from '@jest/globals';
import { tokenIntrospectionIsAnObject as rule } from '../../src/rules/token-introspection-is-an-object.js';
import { expected, signedStatement } from '../support/evidence.js';

describe('tokenIntrospectionIsAnObject', () => {
  it.each([{}, { active: false }])('accepts %j', (object) => {
    expect(rule.check(signedStatement({ token_introspection: object }), expected())).toBeUndefined();
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'malformed'],
    ['a list', [{ active: true }], 'malformed'],
    ['a text', '{"active":true}', 'malformed'],
    ['true', true, 'malformed'],
  ])('rejects an answer in which it is %s', (_what, object, reason) => {
    expect(rule.check(signedStatement({ token_introspection: object }), expected())).toEqual({
      code: 'token.claim-invalid',
      reason,
      claim: 'token_introspection',
    });
  });
});
