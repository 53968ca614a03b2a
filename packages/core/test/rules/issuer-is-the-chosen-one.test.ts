import { describe, expect, it } from '@jest/globals';
import { issuerIsTheChosenOne } from '../../src/rules/issuer-is-the-chosen-one.js';
import { expected, signedStatement } from '../support/evidence.js';

describe('issuerIsTheChosenOne', () => {
  it('accepts the issuer whose key verified the signature', () => {
    expect(issuerIsTheChosenOne.check(signedStatement(), expected())).toBeUndefined();
  });

  it.each([
    ['absent', undefined, 'missing'],
    ['null', null, 'mismatch'],
    ['a list with the right one', ['https://as.example'], 'mismatch'],
    ['another', 'https://other.example', 'mismatch'],
    ['longer by a slash', 'https://as.example/', 'mismatch'],
    ['another in case', 'https://AS.example', 'mismatch'],
    ['the same with its port', 'https://as.example:443', 'mismatch'],
  ])('rejects an issuer that is %s', (_form, iss, reason) => {
    expect(issuerIsTheChosenOne.check(signedStatement({ iss }), expected())).toEqual({
      code: 'token.issuer-mismatch',
      reason,
      claim: 'iss',
    });
  });
});
