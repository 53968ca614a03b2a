import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, type RequestView } from '@assay/core';
import { createTestIssuer, type TestIssuer } from '@assay/testing';

describe('createResourceServer', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterAll(() => issuer.close());

  const bearer = (token: string): RequestView => ({
    method: 'GET',
    url: '/orders',
    headers: { authorization: [`Bearer ${token}`] },
  });

  it('turns a request with a valid token into a principal, through discovery', async () => {
    const api = createResourceServer(issuer.options);
    const principal = await api.authenticate(
      bearer(issuer.accessToken({ scope: 'orders:read orders:write' })),
    );
    expect(principal).toMatchObject({
      issuer: issuer.issuer,
      subject: 'user-1',
      clientId: 'client-1',
      scopes: ['orders:read', 'orders:write'],
      audience: ['https://api.example'],
    });
    expect(issuer.requests).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
  });

  it('answers a wrong audience with the code, and with a challenge', async () => {
    const api = createResourceServer(issuer.options);
    const error = await api
      .authenticate(bearer(issuer.accessToken({ aud: 'https://other.example' })))
      .catch((refusal: unknown) => refusal);
    expect(isAssayError(error, 'token.audience-mismatch')).toBe(true);
    expect(api.challenge(error)).toEqual({
      status: 401,
      headers: {
        'Cache-Control': 'no-store',
        'WWW-Authenticate':
          'Bearer realm="https://api.example", error="invalid_token", error_description="The token is not for this audience."',
      },
      body: { error: 'invalid_token', error_description: 'The token is not for this audience.' },
    });
  });

  it('shows people every rule', async () => {
    const api = createResourceServer(issuer.options);
    const appraisal = await api.appraise(issuer.accessToken({ aud: 'https://other.example', exp: 1 }));
    expect(appraisal.outcome).toBe('rejected');
    expect(appraisal.lines.filter(({ verdict }) => verdict === 'rejected').map(({ code }) => code)).toEqual([
      'token.audience-mismatch',
      'token.expired',
    ]);
    expect(String(appraisal)).toContain('✗ exp lies ahead');
  });
});
