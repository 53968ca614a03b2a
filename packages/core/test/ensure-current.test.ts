import { beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError } from '@assay/core';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';

describe('ensureCurrent', () => {
  let clock: FixedClock;
  let tokens: TokenBuilder;
  beforeAll(async () => {
    clock = fixedClock();
    tokens = await createTokenBuilder({ clock });
  });

  it.each([
    ['is current until its leeway has passed', { leewaySeconds: 5, afterSeconds: 64.5, expired: false }],
    ['has expired from then on', { leewaySeconds: 5, afterSeconds: 65, expired: true }],
    ['is current up to exp without leeway', { leewaySeconds: 0, afterSeconds: 59.5, expired: false }],
    ['has expired at exp without leeway', { leewaySeconds: 0, afterSeconds: 60, expired: true }],
  ])('says that the principal of a connection %s', async (_, { leewaySeconds, afterSeconds, expired }) => {
    const api = createResourceServer({
      issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
      audience: tokens.audience,
      clock,
      leewaySeconds,
    });
    const token = tokens.accessToken({ exp: clock.nowSeconds() + 60 });
    const principal = await api.authenticate({
      method: 'GET',
      url: '/',
      headers: { authorization: [`Bearer ${token}`] },
    });
    clock.advanceSeconds(afterSeconds);
    const refusal = await api.ensureCurrent(principal).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isAssayError(refusal, 'token.expired')).toBe(expired);
    expect(refusal === undefined).toBe(!expired);
  });
});
