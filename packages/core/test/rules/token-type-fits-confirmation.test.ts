import { describe, expect, it } from '@jest/globals';
import { tokenTypeFitsConfirmation as rule } from '../../src/rules/token-type-fits-confirmation.js';
import { expected, signedStatement } from '../support/evidence.js';

const jkt = 'A'.repeat(43);
const check = (claims: Record<string, unknown>) => rule.check(signedStatement(claims), expected());

describe('tokenTypeFitsConfirmation', () => {
  it.each([
    ['says nothing of its type', {}],
    ['says nothing of its type and is bound to a key', { cnf: { jkt } }],
    ['is a bearer token', { token_type: 'Bearer' }],
    ['is a bearer token, in lower case', { token_type: 'bearer' }],
    ['is a bearer token that is bound to a certificate', { token_type: 'Bearer', cnf: { 'x5t#S256': jkt } }],
    ['is a DPoP token that is bound to a key', { token_type: 'DPoP', cnf: { jkt } }],
    ['is a DPoP token, in upper case', { token_type: 'DPOP', cnf: { jkt } }],
  ])('accepts a token that %s', (_what, claims) => {
    expect(check(claims)).toBeUndefined();
  });

  it.each([
    ['is called a bearer token and bound to a key', { token_type: 'Bearer', cnf: { jkt } }, 'mismatch'],
    ['is called a DPoP token and bound to nothing', { token_type: 'DPoP' }, 'mismatch'],
    [
      'is called a DPoP token and bound to a certificate',
      { token_type: 'DPoP', cnf: { 'x5t#S256': jkt } },
      'mismatch',
    ],
    ['is called a DPoP token and bound to a text', { token_type: 'DPoP', cnf: 'jkt' }, 'mismatch'],
    ['is no access token', { token_type: 'N_A' }, 'mismatch'],
    ['is a refresh token', { token_type: 'refresh_token' }, 'mismatch'],
    ['has an empty type', { token_type: '' }, 'mismatch'],
    ['has a list of types', { token_type: ['Bearer'] }, 'malformed'],
    ['has a type that is null', { token_type: null }, 'malformed'],
  ])('rejects a token that %s', (_what, claims, reason) => {
    expect(check(claims)).toEqual({ code: 'token.type-mismatch', reason, claim: 'token_type' });
  });
});
