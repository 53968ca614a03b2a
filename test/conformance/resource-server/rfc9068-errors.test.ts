import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FailureCode } from '@assay/core';
import { compactJws } from '@assay/testing';
import { expectChallenge, expectInvalidToken, invalidToken } from '../support/expect-outcome.js';
import {
  baselineBuilder,
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';

describe('RFC 9068, errors', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);

  /** One token for each check of the profile that fails, with these claims and this header beside. */
  const failing: readonly (readonly [
    string,
    FailureCode,
    (claims: object, header: object) => Promise<string>,
  ])[] = [
    ['typ', 'token.type-mismatch', (claims, header) => made({ ...claims }, { ...header, typ: 'JWT' })],
    [
      'iss',
      'token.issuer-unknown',
      (claims, header) => made({ ...claims, iss: 'https://marker-iss.example' }, header),
    ],
    [
      'aud',
      'token.audience-mismatch',
      (claims, header) => made({ ...claims, aud: 'https://marker-aud.example' }, header),
    ],
    [
      'exp',
      'token.expired',
      (claims, header) => made({ ...claims, iat: nowSeconds - 9, exp: nowSeconds - 1 }, header),
    ],
    ['a claim', 'token.claim-invalid', (claims, header) => made({ ...claims, client_id: undefined }, header)],
    ['the signature', 'token.signature-invalid', forged],
    ['the key', 'token.key-unknown', (claims, header) => made(claims, { ...header, kid: 'marker-kid' })],
    [
      'the algorithm',
      'token.algorithm-refused',
      (claims, header) => made(claims, { ...header, alg: 'HS256' }),
    ],
    [
      'an extension',
      'token.critical-unknown',
      (claims, header) => made(claims, { ...header, crit: ['marker-crit'] }),
    ],
    ['JSON', 'token.duplicate-member', repeated],
  ];

  function made(claims: object, header: object): Promise<string> {
    return Promise.resolve(api.builder.accessToken({ ...claims }, { header: { ...header } }));
  }

  async function forged(claims: object, header: object): Promise<string> {
    const { key } = await baselineBuilder(api.clock);
    return api.builder.accessToken({ ...claims }, { key, header: { ...header } });
  }

  function repeated(claims: object, header: object): Promise<string> {
    const payload = JSON.stringify({ ...api.builder.claims(), ...claims }).replace(
      '{',
      '{"sub":"marker-sub",',
    );
    const token = compactJws({
      header: { ...api.builder.header(), ...header },
      payload,
      key: api.builder.key,
    });
    return Promise.resolve(token);
  }

  it.each(failing)(
    'answers a failure of %s with invalid_token and nothing of the token',
    async (_what, code, make) => {
      await expectInvalidToken(api, await make({}, {}), code);
    },
  );

  it.each(failing)(
    '[rfc9068-6-no-content-leak] a failure of %s shows no value of the token',
    async (_what, code, make) => {
      const markers = {
        sub: 'marker-sub',
        email: 'marker@email.example',
        jti: 'marker-jti',
        scope: 'marker-scope',
      };
      const token = await make(markers, { 'x-trace': 'marker-trace' });
      await expectInvalidToken(api, token, code);
      const answer = await api.sendToken(token);
      expectChallenge(answer, invalidToken);
      expect(answer.text).not.toContain('marker');
    },
  );
});
