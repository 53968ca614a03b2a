import { describe, expect, it } from '@jest/globals';
import type { Claims, VerifiedToken } from '../../src/evidence.js';
import { jwtBearerGrant } from '../../src/profiles/jwt-bearer-grant.js';
import { applyProfile } from '../../src/steps/apply-profile.js';
import { expected, nowSeconds, signedStatement } from '../support/evidence.js';
import { expectRefusal } from '../support/refusal.js';

/** What RFC 7523 section 3 requires of the claims, and the code that each of them fails with. */
const requiredClaims = [
  ['iss', 'token.issuer-mismatch'],
  ['aud', 'token.audience-mismatch'],
  ['exp', 'token.expired'],
  ['sub', 'token.claim-invalid'],
] as const;

describe('the JWT-bearer grant profile', () => {
  const issuer = 'https://partner.example';
  const audience = 'https://as.example';
  const apply = (claims: Claims = {}, header: Claims = {}) =>
    applyProfile(
      signedStatement(
        { iss: issuer, aud: audience, client_id: undefined, ...claims },
        { typ: undefined, ...header },
      ) as VerifiedToken,
      jwtBearerGrant,
      expected({
        issuer,
        audiences: [audience],
        maximumLifetimeSeconds: 300,
        singleUse: true,
        acceptsSubject: (subject) => subject === 'user-1',
      }),
    );

  it('accepts a token that has what RFC 7523 asks for, without a type', () => {
    expect(apply({ iat: undefined })).toMatchObject({ kind: 'jwt-bearer-grant' });
  });

  it.each(requiredClaims)('refuses a token without %s', async (claim, code) => {
    await expectRefusal(() => apply({ [claim]: undefined }), code, { claim, reason: 'missing' });
  });

  it.each([
    ['is from somebody else', { iss: 'https://other.example' }, 'token.issuer-mismatch', 'iss'],
    ['is for somebody else', { aud: 'https://other.example' }, 'token.audience-mismatch', 'aud'],
    ['is for somebody else too', { aud: [audience, 'https://b.example'] }, 'token.audience-mismatch', 'aud'],
    ['has expired', { exp: nowSeconds }, 'token.expired', 'exp'],
    ['is not valid yet', { nbf: nowSeconds + 1 }, 'token.not-yet-valid', 'nbf'],
    ['was issued in the future', { iat: nowSeconds + 1 }, 'token.not-yet-valid', 'iat'],
    ['lives for too long', { exp: nowSeconds + 301 }, 'token.lifetime-excessive', 'exp'],
    ['has a subject that is not accepted', { sub: 'user-2' }, 'token.subject-refused', 'sub'],
  ] as const)('refuses a token that %s', async (_how, claims, code, claim) => {
    await expectRefusal(() => apply(claims), code, { claim, reason: 'mismatch' });
  });

  it('refuses a token without an identifier, where it is single use', async () => {
    await expectRefusal(() => apply({ jti: undefined }), 'token.claim-invalid', {
      claim: 'jti',
      reason: 'missing',
    });
  });

  it.each(['at+jwt', 'dpop+jwt', 'client-authentication+jwt', 'oauth-authz-req+jwt', 'oauth-id-jag+jwt'])(
    'refuses a token of the type %s',
    async (typ) => {
      await expectRefusal(() => apply({}, { typ }), 'token.type-mismatch', {
        claim: 'typ',
        reason: 'mismatch',
      });
    },
  );
});
