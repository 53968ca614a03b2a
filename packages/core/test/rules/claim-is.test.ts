import { describe, expect, it } from '@jest/globals';
import {
  claimIsAListIfPresent,
  claimIsAStringIfPresent,
  claimIsATime,
  claimIsPresent,
} from '../../src/rules/claim-is.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';

const invalid = (claim: string, reason: string) => ({ code: 'token.claim-invalid', reason, claim });

describe('claimIsPresent', () => {
  const rule = claimIsPresent('jti');

  it('accepts a string with something in it', () => {
    expect(rule.check(signedStatement({ jti: 'a' }), expected())).toBeUndefined();
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'missing'],
    ['empty', '', 'missing'],
    ['a number', 7, 'malformed'],
    ['zero', 0, 'malformed'],
    ['false', false, 'malformed'],
    ['a list', ['a'], 'malformed'],
    ['an object', {}, 'malformed'],
  ])('rejects a claim that is %s', (_form, jti, reason) => {
    expect(rule.check(signedStatement({ jti }), expected())).toEqual(invalid('jti', reason));
  });

  it('does not take what every object inherits for a claim', () => {
    expect(claimIsPresent('constructor').check(signedStatement(), expected())).toEqual(
      invalid('constructor', 'malformed'),
    );
  });
});

describe('claimIsATime', () => {
  const rule = claimIsATime('iat');

  it.each([
    ['whole seconds', nowSeconds],
    ['a fraction', nowSeconds + 0.5],
    ['the epoch itself', 0],
  ])('accepts %s', (_form, iat) => {
    expect(rule.check(signedStatement({ iat }), expected())).toBeUndefined();
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'missing'],
    ['empty', '', 'missing'],
    ['a string of digits', '1800000000', 'malformed'],
    ['Infinity', Infinity, 'malformed'],
  ])('rejects a time that is %s', (_form, iat, reason) => {
    expect(rule.check(signedStatement({ iat }), expected())).toEqual(invalid('iat', reason));
  });
});

describe('claimIsAStringIfPresent', () => {
  const rule = claimIsAStringIfPresent('scope');

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['a string', 'orders:read'],
  ])('accepts a claim that is %s', (_form, scope) => {
    expect(rule.check(signedStatement({ scope }), expected())).toBeUndefined();
  });

  it.each([
    ['null', null, 'malformed'],
    ['a list', ['orders:read'], 'malformed'],
    ['a number', 1, 'malformed'],
  ])('rejects a claim that is %s', (_form, scope, reason) => {
    expect(rule.check(signedStatement({ scope }), expected())).toEqual(invalid('scope', reason));
  });
});

describe('claimIsAListIfPresent', () => {
  const rule = claimIsAListIfPresent('amr');

  it.each([
    ['absent', undefined],
    ['an empty list', []],
    ['a list of strings', ['pwd', 'otp']],
  ])('accepts a claim that is %s', (_form, amr) => {
    expect(rule.check(signedStatement({ amr }), expected())).toBeUndefined();
  });

  it.each([
    ['null', null, 'malformed'],
    ['an empty string', '', 'malformed'],
    ['a string', 'pwd', 'malformed'],
    ['a list with a number', ['pwd', 1], 'malformed'],
  ])('rejects a claim that is %s', (_form, amr, reason) => {
    expect(rule.check(signedStatement({ amr }), expected())).toEqual(invalid('amr', reason));
  });
});
