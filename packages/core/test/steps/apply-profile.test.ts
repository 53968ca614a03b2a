import { describe, expect, it, jest } from '@jest/globals';
import type { VerifiedToken } from '../../src/evidence.js';
import { reject, satisfied, type Rule, type Verdict } from '../../src/rules/rule.js';
import { standardReading } from '../../src/profiles/claim-reading.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

describe('applyProfile', () => {
  const token = signedStatement() as VerifiedToken;
  const rule = (verdict: Verdict): Rule & { readonly check: jest.Mock } => ({
    guarantees: 'a test',
    spec: 'none',
    check: jest.fn(() => verdict),
  });
  const profileOf = (rules: readonly Rule[]) => ({
    kind: 'test',
    name: 'test' as const,
    spec: 'none',
    rules,
  });

  it('gives the token the kind of the profile when every rule is satisfied', () => {
    const rules = [rule(satisfied), rule(satisfied)];
    expect(applyProfile(token, profileOf(rules), expected())).toEqual({
      ...token,
      kind: 'test',
      reading: standardReading,
    });
    for (const { check } of rules) expect(check).toHaveBeenCalledWith(token, expected());
  });

  it('stops at the first finding and says which it was', async () => {
    const rules = [
      rule(satisfied),
      rule(reject('token.expired', 'mismatch', 'exp')),
      rule(reject('token.audience-mismatch', 'missing', 'aud')),
    ] as const;
    const call = () => applyProfile(token, profileOf(rules), expected());
    const refusal = await expectRefusal(call, 'token.expired', { reason: 'mismatch', claim: 'exp' });
    expect(refusal.profile).toBe('test');
    expect(rules[2].check).not.toHaveBeenCalled();
  });
});
