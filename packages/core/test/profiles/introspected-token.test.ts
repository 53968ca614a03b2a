import { describe, expect, it } from '@jest/globals';
import type { Claims, VerifiedToken } from '../../src/evidence.js';
import { introspectedAgain, introspectedToken } from '../../src/profiles/introspected-token.js';
import type { Profile } from '../../src/profiles/profile.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

const jkt = 'A'.repeat(43);

/** An opaque token has no header, so none may count. */
const apply = (profile: Profile, claims: Claims) =>
  applyProfile(
    { ...signedStatement(claims), header: { alg: '' } } as VerifiedToken,
    profile,
    expected({ acceptsSubject: (subject) => subject === 'user-1' }),
  );

/** What limits a token, whether it is opaque or was verified here before. */
const limits = [
  ['is for somebody else', { aud: 'https://other.example' }, 'token.audience-mismatch', 'aud', 'mismatch'],
  ['is for nobody', { aud: [] }, 'token.audience-mismatch', 'aud', 'mismatch'],
  ['does not say for whom it is', { aud: undefined }, 'token.audience-mismatch', 'aud', 'missing'],
  ['has expired', { exp: nowSeconds }, 'token.expired', 'exp', 'mismatch'],
  ['does not say when it expires', { exp: undefined }, 'token.expired', 'exp', 'missing'],
  ['expires at a text', { exp: '1900000000' }, 'token.expired', 'exp', 'malformed'],
  ['is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf', 'mismatch'],
  ['has a list for a scope', { scope: ['a'] }, 'token.claim-invalid', 'scope', 'malformed'],
  [
    'has an object for authorization_details',
    { authorization_details: { type: 'payment' } },
    'token.claim-invalid',
    'authorization_details',
    'malformed',
  ],
  [
    'is called a bearer token and bound to a key',
    { token_type: 'Bearer', cnf: { jkt } },
    'token.type-mismatch',
    'token_type',
    'mismatch',
  ],
] as const;

describe('the introspected token profile', () => {
  it('accepts an active token that says whose it is, for whom and for how long', () => {
    const claims = { iat: undefined, jti: undefined };
    expect(apply(introspectedToken, claims)).toMatchObject({ kind: 'access-token' });
  });

  it.each([
    ...limits,
    ['is from another server', { iss: 'https://other.example' }, 'token.issuer-mismatch', 'iss', 'mismatch'],
    ['was issued in the future', { iat: nowSeconds + 1 }, 'token.not-yet-valid', 'iat', 'mismatch'],
    ['has no subject', { sub: undefined }, 'token.claim-invalid', 'sub', 'missing'],
    ['has an empty subject', { sub: '' }, 'token.claim-invalid', 'sub', 'missing'],
    ['has a subject that is not accepted', { sub: 'user-2' }, 'token.subject-refused', 'sub', 'mismatch'],
    ['has no client', { client_id: undefined }, 'token.claim-invalid', 'client_id', 'missing'],
    ['has a text for amr', { amr: 'pwd' }, 'token.claim-invalid', 'amr', 'malformed'],
    ['has a text for act', { act: 'svc-a' }, 'token.claim-invalid', 'act', 'malformed'],
  ] as const)('refuses a token that %s', async (_how, claims, code, claim, reason) => {
    await expectRefusal(() => apply(introspectedToken, claims), code, { claim, reason });
  });

  it('bounds age and lifetime as for a JWT', async () => {
    const within = (changes: Parameters<typeof expected>[0]) => () =>
      applyProfile(signedStatement() as VerifiedToken, introspectedToken, expected(changes));
    await expectRefusal(within({ maximumLifetimeSeconds: 299 }), 'token.lifetime-excessive', {
      claim: 'exp',
      reason: 'mismatch',
    });
    expect(within({ maximumLifetimeSeconds: 300, maximumAgeSeconds: 0 })()).toMatchObject({
      kind: 'access-token',
    });
  });
});

describe('the profile of a token that is introspected again', () => {
  it('accepts what limits nothing', () => {
    const claims = { sub: undefined, client_id: undefined, iat: undefined, jti: undefined };
    expect(apply(introspectedAgain, claims)).toMatchObject({ kind: 'access-token' });
  });

  it.each(limits)('refuses a token that %s', async (_how, claims, code, claim, reason) => {
    await expectRefusal(() => apply(introspectedAgain, claims), code, { claim, reason });
  });
});
