import { describe, expect, it } from '@jest/globals';
import type { Reason } from '../../src/assay-error.js';
import type { AcceptedToken } from '../../src/evidence.js';
import { refuseBound } from '../../src/steps/refuse-bound.js';
import { signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

describe('refuseBound', () => {
  const accepted = (claims: Record<string, unknown>) =>
    ({ ...signedStatement(claims), kind: 'access-token' }) as unknown as AcceptedToken;

  it('lets a token without a confirmation pass', () => {
    expect(refuseBound(accepted({}))).toEqual(accepted({}));
  });

  it.each<readonly [string, Reason, unknown]>([
    ['a key', 'mismatch', { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' }],
    ['a certificate', 'mismatch', { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' }],
    ['something unknown', 'mismatch', { other: 'x' }],
    ['nothing', 'mismatch', {}],
    ['null', 'malformed', null],
    ['a text', 'malformed', 'x'],
    ['half a thumbprint', 'malformed', { jkt: 'x' }],
  ])('refuses a token that is bound to %s and sent as a plain one', async (_what, reason, cnf) => {
    await expectRefusal(() => refuseBound(accepted({ cnf })), 'token.confirmation-unverifiable', {
      claim: 'cnf',
      reason,
    });
  });
});
