import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  accessTokenProfile,
  createAccessTokenVerifier,
  defineProfile,
  reject,
  satisfied,
  SetupError,
  type Profile,
  type Rule,
} from '@assay/core';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';

const amountIsSigned: Rule = {
  guarantees: 'amount is a number',
  spec: 'payments API, section 2',
  check: ({ claims }) =>
    typeof claims['amount'] === 'number' ? satisfied : reject('token.claim-invalid', 'missing', 'amount'),
};

async function expectCode(call: () => Promise<unknown>, code: string, more: object = {}): Promise<void> {
  await expect(call()).rejects.toMatchObject({ code, ...more });
}

describe('defineProfile', () => {
  let tokens: TokenBuilder;
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });

  const payments = () =>
    defineProfile({ name: 'payments', extends: accessTokenProfile, rules: [amountIsSigned] });
  const verifier = (profile: Profile<'access-token'>) =>
    createAccessTokenVerifier({
      issuer: tokens.issuer,
      audience: tokens.audience,
      keys: tokens.jwks,
      profile,
    });

  it('adds rules to those of another profile', async () => {
    await expect(verifier(payments()).verify(tokens.accessToken({ amount: 7 }))).resolves.toMatchObject({
      kind: 'access-token',
    });
    await expectCode(() => verifier(payments()).verify(tokens.accessToken()), 'token.claim-invalid', {
      claim: 'amount',
      profile: 'payments',
    });
  });

  it('keeps every rule of that profile', async () => {
    expect(payments().rules.slice(0, -1)).toEqual(accessTokenProfile.rules);
    await expectCode(
      () => verifier(payments()).verify(tokens.accessToken({ amount: 7, exp: 1 })),
      'token.expired',
    );
  });

  it('shows its rules in an appraisal', async () => {
    const { profile, lines } = await verifier(payments()).appraise(tokens.accessToken());
    expect(profile).toBe('payments');
    expect(lines.at(-2)).toMatchObject({ guarantees: 'amount is a number', verdict: 'rejected' });
  });

  it.each([
    ['no name', { name: '' }],
    ['the name of the profile that it extends', { name: 'access-token' }],
    ['no rules', { rules: [] }],
    ['something that is not a rule', { rules: [() => undefined] }],
  ])('refuses %s', (_name, change) => {
    const definition = { name: 'payments', extends: accessTokenProfile, rules: [amountIsSigned], ...change };
    expect(() => defineProfile(definition as never)).toThrow(SetupError);
  });

  it('is the only way: a profile that drops a rule is refused where it is used', () => {
    const weakened = { ...accessTokenProfile, rules: accessTokenProfile.rules.slice(1) };
    expect(() => verifier(weakened)).toThrow(
      'profile: it is not a profile of access tokens that keeps every rule of RFC 9068.',
    );
  });

  it('does not go together with a compatibility preset', () => {
    expect(() =>
      createAccessTokenVerifier({
        issuer: tokens.issuer,
        audience: tokens.audience,
        profile: payments(),
        compatibility: 'okta',
      }),
    ).toThrow('compatibility: it stands beside a profile');
  });
});
