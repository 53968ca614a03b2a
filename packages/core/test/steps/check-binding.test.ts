import { describe, expect, it } from '@jest/globals';
import type { AcceptedToken } from '../../src/evidence.js';
import { checkBinding } from '../../src/steps/check-binding.js';
import { expected, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

describe('checkBinding', () => {
  const accepted = (claims: Record<string, unknown>) =>
    ({ ...signedStatement(claims), kind: 'access-token' }) as unknown as AcceptedToken;

  it('lets a token without a confirmation pass', () => {
    expect(checkBinding(accepted({}), expected())).toEqual(accepted({}));
  });

  it.each([
    ['a key', { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }],
    ['a certificate', { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }],
    ['something unknown', { other: 'x' }],
    ['nothing', {}],
    ['null', null],
    ['a text', 'x'],
  ])('refuses a token that is bound to %s and sent as a plain one', async (_what, cnf) => {
    await expectRefusal(
      () => checkBinding(accepted({ cnf }), expected()),
      'token.confirmation-unverifiable',
      {
        claim: 'cnf',
        reason: 'mismatch',
      },
    );
  });
});
