import { describe, expect, it } from '@jest/globals';
import { maximumTokenIdLength, tokenIdIsUsable } from '../../src/rules/token-id-is-usable.js';
import { expected, signedStatement } from '../support/evidence.js';

const verdict = (jti: unknown, singleUse: boolean | undefined) =>
  tokenIdIsUsable.check(signedStatement({ jti }), expected({ singleUse }));

describe('tokenIdIsUsable', () => {
  it.each([true, false, undefined])('accepts an identifier where single use is %s', (singleUse) => {
    expect(verdict('token-1', singleUse)).toBeUndefined();
  });

  it.each([
    [true, { code: 'token.claim-invalid', reason: 'missing', claim: 'jti' }],
    [false, undefined],
    [undefined, undefined],
  ])('judges a missing identifier where single use is %s', (singleUse, finding) => {
    expect(verdict(undefined, singleUse)).toEqual(finding);
  });

  it('accepts an identifier of 256 characters', () => {
    expect(maximumTokenIdLength).toBe(256);
    expect(verdict('j'.repeat(256), true)).toBeUndefined();
  });

  it.each([
    ['of 257 characters', 'j'.repeat(257)],
    ['that is empty', ''],
    ['that is a number', 1],
    ['that is null', null],
    ['that is a list', ['token-1']],
  ])('rejects an identifier %s, single use or not', (_form, jti) => {
    const finding = { code: 'token.claim-invalid', reason: 'malformed', claim: 'jti' };
    expect(verdict(jti, true)).toEqual(finding);
    expect(verdict(jti, false)).toEqual(finding);
  });
});
