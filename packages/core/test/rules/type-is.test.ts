import { describe, expect, it } from '@jest/globals';
import { typeIs, typeIsUnspecifiedOr } from '../../src/rules/type-is.js';
import { expected, signedStatement } from '../support/evidence.js';

const refusal = (reason: string) => ({ code: 'token.type-mismatch', reason, claim: 'typ' });

describe('typeIs', () => {
  const rule = typeIs('at+jwt');

  it.each(['at+jwt', 'at+JWT', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])('accepts %s', (typ) => {
    expect(rule.check(signedStatement({}, { typ }), expected())).toBeUndefined();
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['a number', 1, 'malformed'],
    ['null', null, 'malformed'],
    ['a list', ['at+jwt'], 'malformed'],
    ['empty', '', 'mismatch'],
    ['the generic JWT', 'JWT', 'mismatch'],
    ['followed by a space', 'at+jwt ', 'mismatch'],
    ['of another tree', 'text/at+jwt', 'mismatch'],
    ['prefixed twice', 'application/application/at+jwt', 'mismatch'],
    ['without a subtype', 'application/', 'mismatch'],
  ])('rejects a type that is %s', (_form, typ, reason) => {
    expect(rule.check(signedStatement({}, { typ }), expected())).toEqual(refusal(reason));
  });
});

describe('typeIsUnspecifiedOr', () => {
  const rule = typeIsUnspecifiedOr('client-authentication+jwt');

  it.each([
    ['absent', undefined],
    ['the generic JWT', 'JWT'],
    ['the generic JWT in another case', 'jwt'],
    ['the generic JWT in full', 'application/jwt'],
    ['the kind of its own', 'client-authentication+jwt'],
    ['the kind of its own in full', 'application/Client-Authentication+JWT'],
  ])('accepts a type that is %s', (_form, typ) => {
    expect(rule.check(signedStatement({}, { typ }), expected())).toBeUndefined();
  });

  it.each([
    ['an access token', 'at+jwt', 'mismatch'],
    ['a DPoP proof', 'dpop+jwt', 'mismatch'],
    ['empty', '', 'mismatch'],
    ['null', null, 'malformed'],
    ['a number', 1, 'malformed'],
  ])('rejects a type that is %s', (_form, typ, reason) => {
    expect(rule.check(signedStatement({}, { typ }), expected())).toEqual(refusal(reason));
  });
});
