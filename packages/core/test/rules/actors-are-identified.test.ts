import { describe, expect, it } from '@jest/globals';
import { actorsAreIdentified } from '../../src/rules/actors-are-identified.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';

describe('actorsAreIdentified', () => {
  const verdictOn = (act: unknown) => actorsAreIdentified.check(signedStatement({ act }), expected());

  it.each([
    ['nobody acts', undefined],
    ['somebody acts', { sub: 'svc-a' }],
    ['somebody acts for somebody who acts', { sub: 'svc-a', act: { sub: 'svc-b' } }],
    ['what stands inside would have expired', { sub: 'svc-a', exp: nowSeconds - 1, nbf: nowSeconds + 1 }],
    ['what stands inside is for another API', { sub: 'svc-a', aud: 'https://other.example' }],
    ['times inside are none', { sub: 'svc-a', exp: 'yesterday' }],
  ])('accepts a token where %s', (_what, act) => {
    expect(verdictOn(act)).toBeUndefined();
  });

  it.each([
    ['a text', 'svc-a'],
    ['a list', []],
    ['nobody', {}],
    ['nobody, earlier', { sub: 'svc-a', act: {} }],
  ])('rejects %s for an actor', (_what, act) => {
    expect(verdictOn(act)).toEqual({ code: 'token.claim-invalid', reason: 'malformed', claim: 'act' });
  });
});
