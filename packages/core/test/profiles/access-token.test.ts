import { describe, expect, it } from '@jest/globals';
import type { VerifiedToken } from '../../src/evidence.js';
import { accessToken } from '../../src/profiles/access-token.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

/** What RFC 9068 section 2.2 requires of the claims, and the code that each of them fails with. */
const requiredClaims = [
  ['iss', 'token.issuer-mismatch'],
  ['exp', 'token.expired'],
  ['aud', 'token.audience-mismatch'],
  ['sub', 'token.claim-invalid'],
  ['client_id', 'token.claim-invalid'],
  ['iat', 'token.claim-invalid'],
  ['jti', 'token.claim-invalid'],
] as const;

describe('the access token profile', () => {
  const apply = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    applyProfile(signedStatement(claims, header) as VerifiedToken, accessToken, expected());

  it('accepts a token that has everything RFC 9068 asks for, and no more', () => {
    expect(apply({})).toMatchObject({ kind: 'access-token', issuer: 'https://as.example' });
    expect(Object.keys(apply({}).claims).sort()).toEqual(requiredClaims.map(([claim]) => claim).sort());
  });

  it.each(requiredClaims)('refuses a token without %s', async (claim, code) => {
    await expectRefusal(() => apply({ [claim]: undefined }), code, { claim, reason: 'missing' });
  });

  it.each(requiredClaims)('refuses a token whose %s is of the wrong shape', async (claim, code) => {
    const reason = claim === 'iss' ? 'mismatch' : 'malformed';
    await expectRefusal(() => apply({ [claim]: { spoilt: true } }), code, { claim, reason });
  });

  it.each([
    [undefined, 'missing'],
    ['JWT', 'mismatch'],
    ['dpop+jwt', 'mismatch'],
    [1, 'malformed'],
  ] as const)('refuses a token of the type %p', async (typ, reason) => {
    await expectRefusal(() => apply({}, { typ }), 'token.type-mismatch', { claim: 'typ', reason });
  });

  it.each([
    ['is for somebody else', { aud: 'https://other.example' }, 'token.audience-mismatch', 'aud', 'mismatch'],
    ['has expired', { exp: nowSeconds }, 'token.expired', 'exp', 'mismatch'],
    ['is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf', 'mismatch'],
    ['was issued in the future', { iat: nowSeconds + 1 }, 'token.not-yet-valid', 'iat', 'mismatch'],
    ['has a list for a scope', { scope: ['a'] }, 'token.claim-invalid', 'scope', 'malformed'],
    ['has a text for amr', { amr: 'pwd' }, 'token.claim-invalid', 'amr', 'malformed'],
    ['has a text for act', { act: 'svc-a' }, 'token.claim-invalid', 'act', 'malformed'],
    [
      'has an object for authorization_details',
      { authorization_details: { type: 'payment' } },
      'token.claim-invalid',
      'authorization_details',
      'malformed',
    ],
  ] as const)('refuses a token that %s', async (_how, claims, code, claim, reason) => {
    await expectRefusal(() => apply(claims), code, { claim, reason });
  });

  it.each([{ acr: 1 }, { auth_time: '1' }])('leaves %j to the routes that need it', (claims) => {
    expect(apply(claims).claims).toMatchObject(claims);
  });

  it('refuses a token that is older than the receiver allows', async () => {
    const old = signedStatement({ iat: nowSeconds - 601 }) as VerifiedToken;
    await expectRefusal(
      () => applyProfile(old, accessToken, expected({ maximumAgeSeconds: 600 })),
      'token.too-old',
      { claim: 'iat', reason: 'mismatch' },
    );
  });

  it('refuses a token that lives longer than the receiver allows', async () => {
    const limit = expected({ maximumLifetimeSeconds: 300 });
    expect(applyProfile(signedStatement() as VerifiedToken, accessToken, limit).claims).toBeDefined();
    const long = signedStatement({ exp: nowSeconds + 301 }) as VerifiedToken;
    await expectRefusal(() => applyProfile(long, accessToken, limit), 'token.lifetime-excessive', {
      claim: 'exp',
      reason: 'mismatch',
    });
  });

  it('refuses a subject that the receiver does not accept', async () => {
    const others = expected({ acceptsSubject: (subject) => subject !== 'user-1' });
    await expectRefusal(
      () => applyProfile(signedStatement() as VerifiedToken, accessToken, others),
      'token.subject-refused',
      { claim: 'sub', reason: 'mismatch' },
    );
  });

  it('has a sentence and a source for every rule, each of its own', () => {
    const sentences = accessToken.rules.map(({ guarantees }) => guarantees);
    expect(new Set(sentences).size).toBe(accessToken.rules.length);
    for (const { guarantees, spec } of accessToken.rules) {
      expect(guarantees).not.toBe('');
      expect(spec).toMatch(/RFC \d+/);
    }
  });

  it('has no rule that objects to nothing', () => {
    const spoilt = [
      signedStatement({}, { typ: 'JWT' }),
      ...['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'].map((name) =>
        signedStatement({ [name]: {} }),
      ),
      signedStatement({ nbf: nowSeconds + 1 }),
      signedStatement({ iat: nowSeconds + 1 }),
      signedStatement({ iat: nowSeconds - 601 }),
      signedStatement({ exp: nowSeconds + 301 }),
      signedStatement({ sub: 'user-2' }),
      signedStatement({ scope: 1 }),
      signedStatement({ amr: 1 }),
      signedStatement({ act: 1 }),
      signedStatement({ authorization_details: 1 }),
    ];
    const expectations = expected({
      maximumAgeSeconds: 600,
      maximumLifetimeSeconds: 300,
      acceptsSubject: (subject) => subject === 'user-1',
    });
    for (const rule of accessToken.rules) {
      const objections = spoilt.filter((token) => rule.check(token, expectations) !== undefined);
      expect({ rule: rule.guarantees, objects: objections.length > 0 }).toEqual({
        rule: rule.guarantees,
        objects: true,
      });
    }
  });
});
