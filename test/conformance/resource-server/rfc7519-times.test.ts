import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAccessTokenVerifier, SetupError, type FailureCode } from '@assay/core';
import { compactJws } from '@assay/testing';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import {
  closeProtectedApis,
  nowSeconds as now,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';

describe('RFC 7519, time claims', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);

  /** A token with the times given, whatever else is written into the text of its claims. */
  const withTimes = (claims: Record<string, unknown>) => api.builder.accessToken(claims);

  describe.each([
    ['exp', 'token.expired'],
    ['nbf', 'token.not-yet-valid'],
    ['iat', 'token.claim-invalid'],
  ] as const)('%s', (claim, code) => {
    it.each([
      ['a text of digits', '"1700000000"'],
      ['a date', '"2030-01-01T00:00:00Z"'],
      ['true', 'true'],
      ['null', 'null'],
      ['a list', '[]'],
      ['1e400, which becomes Infinity', '1e400'],
    ])(`[rfc7519-2-numericdate-type] refuses ${claim} that is %s`, async (_what, json) => {
      const claims = { ...api.builder.claims(), [claim]: 'placeholder' };
      const payload = JSON.stringify(claims).replace('"placeholder"', json);
      const token = compactJws({ header: api.builder.header(), payload, key: api.builder.key });
      await expectInvalidToken(api, token, code);
    });
  });

  describe('fractions of seconds', () => {
    const fractions = { iat: now - 1.5, exp: now + 0.5 };

    it('[rfc7519-2-numericdate-fraction] accepts a token half a second before exp', async () => {
      await expectAccepted(api, withTimes(fractions));
    });

    it('[rfc7519-2-numericdate-fraction] refuses the same token a quarter of a second after exp', async () => {
      const later = await startProtectedApi({ builder: api.builder });
      later.clock.advanceSeconds(0.75);
      await expectInvalidToken(later, withTimes(fractions), 'token.expired');
    });
  });

  it('[rfc7519-4.1.4-exp-boundary] refuses a token at exp exactly', async () => {
    await expectInvalidToken(api, withTimes({ iat: now - 300, exp: now }), 'token.expired');
  });

  it('[rfc7519-4.1.4-exp-boundary] accepts a token one millisecond before exp', async () => {
    await expectAccepted(api, withTimes({ iat: now - 300, exp: now + 0.001 }));
  });

  it('[rfc7519-4.1.5-nbf] refuses a token a second before nbf', async () => {
    await expectInvalidToken(api, withTimes({ nbf: now + 1 }), 'token.not-yet-valid');
  });

  it('[rfc7519-4.1.5-nbf] accepts a token at nbf exactly', async () => {
    await expectAccepted(api, withTimes({ nbf: now }));
  });

  describe('leeway', () => {
    let defaults: ProtectedApi;
    beforeAll(async () => {
      defaults = await startProtectedApi({ builder: api.builder, defaultLeeway: true });
    });

    it.each([
      ['exp', { iat: now - 300, exp: now - 9.999 }],
      ['nbf', { nbf: now + 10 }],
      ['iat', { iat: now + 10 }],
    ])('[rfc7519-4.1.4-leeway] forgives ten seconds of %s by default', async (_claim, claims) => {
      await expectAccepted(defaults, withTimes(claims));
    });

    it.each<[string, Record<string, unknown>, FailureCode]>([
      ['exp', { iat: now - 300, exp: now - 10 }, 'token.expired'],
      ['nbf', { nbf: now + 10.001 }, 'token.not-yet-valid'],
      ['iat', { iat: now + 10.001 }, 'token.not-yet-valid'],
    ])('[rfc7519-4.1.4-leeway] forgives no more than that of %s', async (_claim, claims, code) => {
      await expectInvalidToken(defaults, withTimes(claims), code);
    });

    it.each([301, -1, NaN])(
      '[rfc7519-4.1.4-leeway] refuses to start with a leeway of %p',
      (leewaySeconds) => {
        const { issuer, audience, jwks: keys } = api.builder;
        const start = () => createAccessTokenVerifier({ issuer, audience, keys, leewaySeconds });
        expect(start).toThrow(SetupError);
        expect(start).toThrow('leewaySeconds: it is not a number from 0 to 300.');
      },
    );

    it.each([0, 300])('[rfc7519-4.1.4-leeway] starts with a leeway of %p', (leewaySeconds) => {
      const { issuer, audience, jwks: keys } = api.builder;
      expect(createAccessTokenVerifier({ issuer, audience, keys, leewaySeconds })).toHaveProperty('verify');
    });
  });

  describe('the greatest age', () => {
    let limited: ProtectedApi;
    beforeAll(async () => {
      const settings = { maximumTokenAgeSeconds: 600, leewaySeconds: 30 };
      limited = await startProtectedApi({ builder: api.builder, settings });
    });

    it.each<[string, Record<string, unknown>, FailureCode]>([
      ['issued 601 seconds ago', { iat: now - 601, exp: now + 300 }, 'token.too-old'],
      ['that does not say when it was issued', { iat: undefined }, 'token.claim-invalid'],
      ['issued two minutes from now', { iat: now + 120 }, 'token.not-yet-valid'],
    ])('[rfc7519-4.1.6-max-age] refuses a token %s', async (_when, claims, code) => {
      await expectInvalidToken(limited, withTimes(claims), code);
    });

    it('[rfc7519-4.1.6-max-age] accepts a token issued 600 seconds ago', async () => {
      await expectAccepted(limited, withTimes({ iat: now - 600, exp: now + 300 }));
    });
  });
});
