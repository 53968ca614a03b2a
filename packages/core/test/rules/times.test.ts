import { describe, expect, it } from '@jest/globals';
import type { FailureCode } from '../../src/failures.js';
import type { Expected, Rule } from '../../src/rules/rule.js';
import {
  lifetimeIsBounded,
  notExpired,
  notIssuedInTheFuture,
  notOlderThanAllowed,
  notUsedBeforeItsTime,
} from '../../src/rules/times.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';

const satisfied = undefined;
const judge = (rule: Rule, claims: Record<string, unknown>, changes: Partial<Expected> = {}) =>
  rule.check(signedStatement(claims), expected(changes));

const notTimes: readonly (readonly [string, unknown])[] = [
  ['a string of digits', '1800000300'],
  ['a date text', '2030-01-01T00:00:00Z'],
  ['true', true],
  ['null', null],
  ['an empty list', []],
  ['an object', {}],
  ['Infinity', Infinity],
  ['NaN', NaN],
];

describe('notExpired', () => {
  it.each([
    ['accepts a token a millisecond before exp', nowSeconds + 0.001, 0, satisfied],
    ['rejects a token at exp exactly', nowSeconds, 0, 'mismatch'],
    ['rejects a token a millisecond after exp', nowSeconds - 0.001, 0, 'mismatch'],
    ['accepts a token a millisecond before the end of the leeway', nowSeconds - 9.999, 10, satisfied],
    ['rejects a token at the end of the leeway', nowSeconds - 10, 10, 'mismatch'],
    ['accepts exp as far ahead as a number goes', Number.MAX_VALUE, 0, satisfied],
    ['rejects a negative exp', -1, 0, 'mismatch'],
  ])('%s', (_title, exp, leewaySeconds, reason) => {
    const finding = judge(notExpired, { exp }, { leewaySeconds });
    expect(finding).toEqual(
      reason === satisfied ? satisfied : { code: 'token.expired', reason, claim: 'exp' },
    );
  });

  it('rejects a token without exp', () => {
    expect(judge(notExpired, { exp: undefined })).toEqual({
      code: 'token.expired',
      reason: 'missing',
      claim: 'exp',
    });
  });

  it.each(notTimes)('rejects exp that is %s', (_kind, exp) => {
    expect(judge(notExpired, { exp })).toEqual({ code: 'token.expired', reason: 'malformed', claim: 'exp' });
  });
});

describe('notUsedBeforeItsTime', () => {
  it.each([
    ['accepts a token at nbf exactly', nowSeconds, 0, satisfied],
    ['rejects a token a millisecond before nbf', nowSeconds + 0.001, 0, 'mismatch'],
    ['accepts a token as early as the leeway allows', nowSeconds + 10, 10, satisfied],
    ['rejects a token a millisecond earlier than the leeway allows', nowSeconds + 10.001, 10, 'mismatch'],
    ['accepts a token without nbf', undefined, 0, satisfied],
  ])('%s', (_title, nbf, leewaySeconds, reason) => {
    const finding = judge(notUsedBeforeItsTime, { nbf }, { leewaySeconds });
    expect(finding).toEqual(
      reason === satisfied ? satisfied : { code: 'token.not-yet-valid', reason, claim: 'nbf' },
    );
  });

  it.each(notTimes)('rejects nbf that is %s', (_kind, nbf) => {
    expect(judge(notUsedBeforeItsTime, { nbf })).toEqual({
      code: 'token.not-yet-valid',
      reason: 'malformed',
      claim: 'nbf',
    });
  });
});

describe('notIssuedInTheFuture', () => {
  it.each([
    ['accepts a token issued this instant', nowSeconds, 0, satisfied],
    ['rejects a token issued a millisecond from now', nowSeconds + 0.001, 0, 'mismatch'],
    ['accepts a token issued as far ahead as the leeway allows', nowSeconds + 10, 10, satisfied],
    ['rejects a token issued a millisecond farther ahead', nowSeconds + 10.001, 10, 'mismatch'],
    ['accepts a token without iat, which other rules demand', undefined, 0, satisfied],
  ])('%s', (_title, iat, leewaySeconds, reason) => {
    const finding = judge(notIssuedInTheFuture, { iat }, { leewaySeconds });
    expect(finding).toEqual(
      reason === satisfied ? satisfied : { code: 'token.not-yet-valid', reason, claim: 'iat' },
    );
  });

  it.each(notTimes)('rejects iat that is %s', (_kind, iat) => {
    expect(judge(notIssuedInTheFuture, { iat })).toEqual({
      code: 'token.claim-invalid',
      reason: 'malformed',
      claim: 'iat',
    });
  });
});

describe('notOlderThanAllowed', () => {
  it.each([
    ['accepts a token of the greatest age', nowSeconds - 600, 0, satisfied],
    ['rejects a token a millisecond older', nowSeconds - 600.001, 0, 'mismatch'],
    ['does not let leeway stretch the limit', nowSeconds - 601, 10, 'mismatch'],
    ['rejects a token without iat', undefined, 0, 'missing'],
    ['rejects iat given as a string', String(nowSeconds), 0, 'malformed'],
  ])('%s', (_title, iat, leewaySeconds, reason) => {
    const finding = judge(notOlderThanAllowed, { iat }, { leewaySeconds, maximumAgeSeconds: 600 });
    expect(finding).toEqual(
      reason === satisfied ? satisfied : { code: 'token.too-old', reason, claim: 'iat' },
    );
  });

  it('accepts a token of any age where there is no limit', () => {
    expect(judge(notOlderThanAllowed, { iat: 0 })).toBe(satisfied);
  });
});

describe('lifetimeIsBounded', () => {
  const code: FailureCode = 'token.lifetime-excessive';
  const now = nowSeconds;

  it.each([
    ['accepts a token that lives exactly as long as allowed', { iat: now, exp: now + 300 }, 0, satisfied],
    ['rejects a token that lives a millisecond longer', { iat: now, exp: now + 300.001 }, 0, 'mismatch'],
    ['counts from iat where that is earlier than now', { iat: now - 200, exp: now + 101 }, 0, 'mismatch'],
    ['counts from now where there is no iat', { iat: undefined, exp: now + 301 }, 0, 'mismatch'],
    ['accepts one without iat within the limit', { iat: undefined, exp: now + 300 }, 0, satisfied],
    [
      'counts from now where iat pretends to lie far ahead',
      { iat: now + 5000, exp: now + 5300 },
      10,
      'mismatch',
    ],
    ['forgives the leeway where the issuer is ahead', { iat: now + 10, exp: now + 310 }, 10, satisfied],
    ['rejects exp given as a string', { iat: now, exp: '1' }, 0, 'malformed'],
    ['rejects a token without exp', { iat: now, exp: undefined }, 0, 'missing'],
  ])('%s', (_title, claims, leewaySeconds, reason) => {
    const finding = judge(lifetimeIsBounded, claims, { leewaySeconds, maximumLifetimeSeconds: 300 });
    expect(finding).toEqual(reason === satisfied ? satisfied : { code, reason, claim: 'exp' });
  });

  it('accepts any lifetime where there is no limit', () => {
    expect(judge(lifetimeIsBounded, { exp: Number.MAX_VALUE })).toBe(satisfied);
  });
});
