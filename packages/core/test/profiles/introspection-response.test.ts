import { describe, expect, it } from '@jest/globals';
import type { Claims, VerifiedToken } from '../../src/evidence.js';
import { introspectionResponse } from '../../src/profiles/introspection-response.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, nowSeconds } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

/** What RFC 9701 section 5 requires, and the code that each fails with. */
const requiredClaims = [
  ['iss', 'token.issuer-mismatch'],
  ['aud', 'token.audience-mismatch'],
  ['iat', 'token.claim-invalid'],
  ['token_introspection', 'token.claim-invalid'],
] as const;

const response = (claims: Claims, header: Claims = {}) =>
  ({
    issuer: 'https://as.example',
    fingerprint: 'AAAAAAAAAAAAAAAAAAAAAA',
    header: { alg: 'RS256', typ: 'token-introspection+jwt', ...header },
    claims: {
      iss: 'https://as.example',
      aud: 'https://api.example',
      iat: nowSeconds,
      token_introspection: { active: true },
      ...claims,
    },
  }) as unknown as VerifiedToken;

describe('the introspection response profile', () => {
  const apply = (claims: Claims, header?: Claims) =>
    applyProfile(response(claims, header), introspectionResponse, expected({ maximumAgeSeconds: 60 }));

  it('accepts an answer that has what RFC 9701 asks for, and no more', () => {
    expect(apply({})).toMatchObject({ kind: 'introspection-response' });
    expect(Object.keys(apply({}).claims).sort()).toEqual(requiredClaims.map(([claim]) => claim).sort());
  });

  it.each(requiredClaims)('refuses an answer without %s', async (claim, code) => {
    await expectRefusal(() => apply({ [claim]: undefined }), code, { claim, reason: 'missing' });
  });

  it.each([
    [undefined, 'missing'],
    ['JWT', 'mismatch'],
    ['at+jwt', 'mismatch'],
    [1, 'malformed'],
  ] as const)('refuses an answer of the type %p', async (typ, reason) => {
    await expectRefusal(() => apply({}, { typ }), 'token.type-mismatch', { claim: 'typ', reason });
  });

  it.each([
    ['is from somebody else', { iss: 'https://other.example' }, 'token.issuer-mismatch', 'iss'],
    ['is for somebody else', { aud: 'https://other.example' }, 'token.audience-mismatch', 'aud'],
    ['was made in the future', { iat: nowSeconds + 1 }, 'token.not-yet-valid', 'iat'],
    ['is older than 60 seconds', { iat: nowSeconds - 61 }, 'token.too-old', 'iat'],
    ['has expired', { exp: nowSeconds }, 'token.expired', 'exp'],
    ['is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf'],
  ] as const)('refuses an answer that %s', async (_how, claims, code, claim) => {
    await expectRefusal(() => apply(claims), code, { claim, reason: 'mismatch' });
  });

  it.each([
    ['is 60 seconds old', { iat: nowSeconds - 60 }],
    ['expires in a second', { exp: nowSeconds + 1 }],
    ['is valid from now on', { nbf: nowSeconds }],
    ['is for several, this one among them', { aud: ['client-1', 'https://api.example'] }],
  ])('accepts an answer that %s', (_how, claims) => {
    expect(apply(claims)).toMatchObject({ kind: 'introspection-response' });
  });
});
