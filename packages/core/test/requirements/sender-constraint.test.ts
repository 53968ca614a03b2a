import { describe, expect, it } from '@jest/globals';
import { senderConstraint, type SenderConstraint } from '@assay/core';
import { principal } from '@assay/testing';
import { authorizationContext } from '../support/authorization-context.js';
import { expectSetupError } from '../support/setup-problem.js';

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';
const x5t = 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2';

const judged = (expected: SenderConstraint | 'any', cnf?: unknown) =>
  senderConstraint(expected).check(principal(cnf === undefined ? {} : { cnf }), authorizationContext());

describe('senderConstraint', () => {
  it.each<[SenderConstraint | 'any', object]>([
    ['dpop', { jkt }],
    ['dpop', { jkt, 'x5t#S256': x5t }],
    ['dpop', { jkt, other: 1 }],
    ['mtls', { 'x5t#S256': x5t }],
    ['mtls', { jkt, 'x5t#S256': x5t }],
    ['any', { jkt }],
    ['any', { 'x5t#S256': x5t }],
  ])('%s is met by %j', (expected, cnf) => {
    expect(judged(expected, cnf)).toBeUndefined();
  });

  it.each<[SenderConstraint | 'any', unknown]>([
    ['dpop', undefined],
    ['dpop', { 'x5t#S256': x5t }],
    ['mtls', undefined],
    ['mtls', { jkt }],
    ['any', undefined],
    ['any', {}],
    ['any', { kid: 'x' }],
    ['any', { jkt: 5 }],
    ['any', null],
  ])('%s is not met by %j', (expected, cnf) => {
    expect(judged(expected, cnf)).toMatchObject({
      code: 'token.confirmation-missing',
      claim: 'cnf',
      reason: 'missing',
      acceptableSchemes: expected === 'mtls' ? undefined : ['DPoP'],
    });
  });

  it('says what it demands', () => {
    expect(senderConstraint('dpop').description).toBe('sender constraint dpop');
  });

  it.each(['', 'DPoP', undefined, null])('cannot be %p', async (word) => {
    await expectSetupError(() => senderConstraint(word as 'any'), {
      option: 'senderConstraint',
      problem: 'there is no such constraint',
      remedy: "Use 'dpop', 'mtls' or 'any'.",
    });
  });
});
