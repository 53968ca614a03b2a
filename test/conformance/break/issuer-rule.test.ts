import { describe, expect, it } from '@jest/globals';
import { accessTokenProfile } from '@assay/core';
import { createTokenBuilder, fixedClock } from '@assay/testing';
import { jwtBearerGrant } from '../../../packages/core/src/profiles/jwt-bearer-grant.js';

/**
 * An issuer is chosen by `iss`, so that over HTTP the rule of the profile has nothing left to refuse. It stands in the
 * profile for whoever chooses in another way, and here it is asked by itself.
 */
describe.each([
  ['access-token', accessTokenProfile],
  ['jwt-bearer-grant', jwtBearerGrant],
] as const)('the profile %s', (_name, profile) => {
  const id = profile.name === 'access-token' ? 'rfc9068-4-iss' : 'rfc7523-3-grant-key-by-issuer';

  it.each([
    ['another issuer', 'https://other.example'],
    ['the issuer and a slash', 'https://as.example/'],
    ['the issuer', 'https://as.example'],
  ])(`[${id}] judges a token whose key is that of %s`, async (_which, keyOwner) => {
    const clock = fixedClock(1_800_000_000);
    const builder = await createTokenBuilder({ clock });
    const header = {
      ...builder.header(),
      alg: 'ES256',
      ...(profile.name === 'access-token' ? {} : { typ: 'JWT' }),
    };
    const token = { header, claims: builder.claims(), issuer: keyOwner, fingerprint: '' };
    const expected = {
      issuer: keyOwner,
      audiences: [builder.audience],
      nowSeconds: clock.nowSeconds(),
      leewaySeconds: 0,
    };
    const findings = profile.rules
      .map((rule) => rule.check(token, expected))
      .filter((finding) => finding !== undefined);
    const mismatch = { code: 'token.issuer-mismatch', reason: 'mismatch', claim: 'iss' };
    expect(findings).toEqual(keyOwner === builder.issuer ? [] : [mismatch]);
  });
});
