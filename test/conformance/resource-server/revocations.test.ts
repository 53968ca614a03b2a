import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  inMemoryRevocations,
  isAssayError,
  type FailureCode,
  type ResourceServerOptions,
  type RevocationQuery,
  type RevocationStore,
  type WritableRevocationStore,
} from '@assay/core';
import { createProofBuilder, fixedClock } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { expectUnavailable } from '../support/expect-unavailable.js';
import {
  baselineBuilder,
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';
import { startStatusListApi } from '../support/status-list-api.js';

afterAll(async () => {
  await closeProtectedApis();
  await closeDocumentServers();
});

const issuer = 'https://as.example';

describe('a resource server with a revocation store', () => {
  const clock = fixedClock(nowSeconds);
  let revocations: WritableRevocationStore;
  let api: ProtectedApi;

  beforeEach(async () => {
    revocations = inMemoryRevocations({ clock });
    api = await startProtectedApi({ clock, settings: { revocations } });
  });

  it('accepts a token that nobody has revoked', async () => {
    await revocations.revoke({ issuer, tokenId: 'another' });
    await revocations.revoke({ issuer: 'https://other.example', subject: 'user-1' });
    await expectAccepted(api, api.builder.accessToken({ sid: 'session-1' }));
  });

  it.each([
    ['by its identifier', { tokenId: 'token-1' }],
    ['with its subject', { subject: 'user-1' }],
    ['with its session', { sessionId: 'session-1' }],
    ['with its client', { clientId: 'client-1' }],
    ['with all that were issued before an instant', { issuedBefore: nowSeconds + 1 }],
    [
      'with those of its subject that were issued before',
      { subject: 'user-1', issuedBefore: nowSeconds + 1 },
    ],
  ])(
    '[rfc6750-3.1-invalid-token] refuses a token that was revoked %s, from the next request on',
    async (_how, revocation) => {
      const token = api.builder.accessToken({ jti: 'token-1', sid: 'session-1' });
      await expectAccepted(api, token);
      await revocations.revoke({ issuer, ...revocation });
      await expectInvalidToken(api, token, 'token.revoked');
    },
  );

  it('accepts a token that was issued after the others were revoked', async () => {
    await revocations.revoke({ issuer, subject: 'user-1', issuedBefore: nowSeconds });
    await expectAccepted(api, api.builder.accessToken());
    await expectInvalidToken(api, api.builder.accessToken({ iat: nowSeconds - 1 }), 'token.revoked');
  });

  it.each<readonly [what: string, token: (valid: string) => string, code: FailureCode]>([
    ['expired', () => api.builder.accessToken({ exp: nowSeconds }), 'token.expired'],
    ['malformed', (valid) => valid.slice(0, valid.lastIndexOf('.')), 'token.malformed'],
    ['wrongly signed', (valid) => valid.replace(/[^.]+$/, 'A'.repeat(86)), 'token.signature-invalid'],
  ])('[rfc6750-3.1-invalid-token] tells the sender that a token is %s', async (_what, tokenOf, code) => {
    await expectInvalidToken(api, tokenOf(api.builder.accessToken()), code);
  });

  it('[rfc6750-3.1-invalid-token] says of a revoked token what it says of every other', async () => {
    await revocations.revoke({ issuer, subject: 'user-1' });
    const { status, headers, body } = await api.sendToken(api.builder.accessToken());
    expect([status, headers['www-authenticate'], body]).toEqual([
      401,
      [
        'Bearer realm="https://api.example", error="invalid_token", error_description="The status of the token does not permit its use."',
      ],
      '{"error":"invalid_token","error_description":"The status of the token does not permit its use."}',
    ]);
  });

  it('refuses a principal whose token was revoked while its connection was open', async () => {
    const authorization = [`Bearer ${api.builder.accessToken({ sid: 'session-1' })}`];
    const request = { method: 'GET', url: '/orders', headers: { authorization } };
    const principal = await api.resourceServer.authenticate(request);
    await expect(api.resourceServer.ensureCurrent(principal)).resolves.toBeUndefined();
    await revocations.revoke({ issuer, sessionId: 'session-1' });
    const refusal = api.resourceServer.ensureCurrent(principal);
    await expect(refusal).rejects.toMatchObject({ code: 'token.revoked' });
  });

  it('tells people in an appraisal, and judges the rest as always', async () => {
    const token = api.builder.accessToken();
    const lineOf = async (jwt: string) => {
      const { outcome, lines } = await api.resourceServer.appraise(jwt);
      const line = lines.find(({ guarantees }) => guarantees === 'nobody has revoked the token');
      return [outcome, line?.verdict, line?.code];
    };
    expect(await lineOf(token)).toEqual(['accepted', 'satisfied', undefined]);
    expect(await lineOf(api.builder.accessToken({ exp: nowSeconds }))).toEqual([
      'rejected',
      'not reached',
      undefined,
    ]);
    await revocations.revoke({ issuer, subject: 'user-1' });
    expect(await lineOf(token)).toEqual(['rejected', 'rejected', 'token.revoked']);
    const authorization = [`Bearer ${token}`];
    const request = { method: 'GET', url: '/orders', headers: { authorization } };
    const { outcome } = await api.resourceServer.appraise(request);
    expect(outcome).toBe('rejected');
  });
});

describe('a revocation store that cannot tell', () => {
  const cannotTell: readonly (readonly [what: string, isRevoked: () => unknown])[] = [
    ['rejects', () => Promise.reject(new Error('no connection'))],
    [
      'throws',
      () => {
        throw new Error('a mistake');
      },
    ],
    ['answers nothing', () => Promise.resolve(undefined)],
    ...[null, 0, 1, '', 'no', {}].map(
      (answer) => [`answers ${JSON.stringify(answer)}`, () => Promise.resolve(answer)] as const,
    ),
  ];

  it.each(cannotTell)('lets no token pass when it %s', async (_what, isRevoked) => {
    const api = await startProtectedApi({ settings: { revocations: { isRevoked } as RevocationStore } });
    await expectUnavailable(api, api.builder.accessToken(), 'service.revocations-unavailable');
  });

  it('leaves the appraisal of a token open', async () => {
    const isRevoked = () => Promise.reject(new Error('no connection'));
    const { builder, resourceServer } = await startProtectedApi({ settings: { revocations: { isRevoked } } });
    const { outcome } = await resourceServer.appraise(builder.accessToken());
    expect(outcome).toBe('undetermined');
  });
});

describe('the order of questions', () => {
  const asked: RevocationQuery[] = [];
  let revoked = true;
  const revocations: RevocationStore = {
    isRevoked(query) {
      asked.push(query);
      return Promise.resolve(revoked);
    },
  };
  beforeEach(() => {
    asked.length = 0;
    revoked = true;
  });

  it('asks nobody about a token that is bad by itself', async () => {
    const api = await startProtectedApi({ settings: { revocations } });
    await expectInvalidToken(api, api.builder.accessToken({ exp: nowSeconds }), 'token.expired');
    const forged = `${api.builder.accessToken().split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
    await expectInvalidToken(api, forged, 'token.signature-invalid');
    expect(asked).toEqual([]);
  });

  it('fetches no status list for a token that the store knows', async () => {
    const api = await startStatusListApi({ revocations });
    api.serveList();
    await expectInvalidToken(api, api.tokenAt(0), 'token.revoked');
    expect(api.fetched).toEqual([]);
    revoked = false;
    await expectAccepted(api, api.tokenAt(0));
    expect(api.fetched).toEqual([api.uri, api.uri]);
  });

  it('uses up no proof that comes with a revoked token', async () => {
    const clock = fixedClock(nowSeconds);
    const builder = await baselineBuilder(clock);
    const proofs = await createProofBuilder({ clock });
    const api = await startProtectedApi({ clock, builder, settings: { revocations } });
    const token = builder.accessToken({ cnf: { jkt: proofs.thumbprint } });
    const { authorization, dpop } = proofs.headers(token, { url: 'https://api.example/orders' });
    const lines = [`Authorization: ${authorization}`, `DPoP: ${dpop}`];
    expect((await api.send({ lines })).status).toBe(401);
    revoked = false;
    expect((await api.send({ lines })).status).toBe(200);
    expect((await api.send({ lines })).status).toBe(401);
  });

  it('[rfc9700-4.9.3-no-plaintext] asks by identifiers, and never shows the token', async () => {
    revoked = false;
    const api = await startProtectedApi({ settings: { revocations } });
    const token = api.builder.accessToken();
    await expectAccepted(api, token);
    expect(asked).toHaveLength(2);
    const seen = JSON.stringify(asked);
    for (const segment of token.split('.')) expect(seen).not.toContain(segment);
  });
});

describe('the options', () => {
  const refusalOf = async (settings: Partial<ResourceServerOptions>) =>
    startProtectedApi({ settings }).then(
      () => 'constructed',
      (error: unknown) => (isAssayError(error) ? error.code : (error as Error).message),
    );

  it.each([{}, [], 'store', null, inMemoryRevocations])('take %p for no revocation store', async (store) => {
    await expect(refusalOf({ revocations: store as never })).resolves.toContain(
      'revocations: it is not a revocation store',
    );
  });

  it('say that a policy for status lists needs status lists', async () => {
    await expect(refusalOf({ statusListPolicy: {} })).resolves.toContain(
      'statusListPolicy: no issuer has status lists',
    );
  });

  it('say whose status list it is, where there are several issuers', async () => {
    const settings = {
      issuer: [{ issuer }, { issuer: 'https://other.example' }],
      statusList: { uris: ['https://as.example/statuslists/'] },
    };
    await expect(refusalOf(settings)).resolves.toContain('Move statusList into the entry of its issuer');
  });
});
