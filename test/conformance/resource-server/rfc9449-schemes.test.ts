import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { senderConstraint, SetupError, type FailureCode, type SenderConstraint } from '@assay/core';
import { requireScope, requireSenderConstraint, requireStepUp } from '@assay/express';
import { createProofBuilder } from '@assay/testing';
import {
  dpopLines,
  expectChallenges,
  expectProofRefused,
  expectProven,
  origin,
  provenBy,
  startDpopApi,
  type DpopApi,
  type ExpectedSchemes,
} from '../support/dpop-api.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';
import type { RawRequest } from '../support/raw-http.js';

const url = `${origin}/orders`;

describe('RFC 9449 section 7, the two schemes', () => {
  /** Says nothing of DPoP, offers it, demands it. */
  let silent: DpopApi;
  let mixed: DpopApi;
  let dpopOnly: DpopApi;
  beforeAll(async () => {
    silent = await startDpopApi();
    mixed = await startDpopApi({ settings: { dpop: true } });
    dpopOnly = await startDpopApi({ settings: { requireSenderConstraint: 'dpop' } });
  });
  afterAll(closeProtectedApis);

  const apis: readonly (readonly [string, () => DpopApi])[] = [
    ['that says nothing of DPoP', () => silent],
    ['that offers DPoP', () => mixed],
    ['that demands DPoP', () => dpopOnly],
  ];

  /** The challenges for a failure under DPoP: Bearer stands beside it where the API offers both. */
  const underDpop = (api: DpopApi, code: FailureCode): ExpectedSchemes =>
    api === mixed ? { bearer: undefined, dpop: code } : { dpop: code };

  describe.each(apis)('at an API %s', (_what, of) => {
    it('[rfc9449-7.1-missing-proof] a bound token without a proof gives no access', async () => {
      const api = of();
      const before = api.handlerCalls();
      const answer = await api.send({ lines: dpopLines(`DPoP ${api.boundToken()}`) });
      expectChallenges(answer, 'proof.missing', underDpop(api, 'proof.missing'));
      expect(api.handlerCalls()).toBe(before);
    });

    it('[rfc9449-7.1-unbound-token] a token that is bound to no key is not for the DPoP scheme', async () => {
      const api = of();
      const token = api.builder.accessToken();
      for (const answer of [
        await api.prove({ token }),
        await api.send({ lines: dpopLines(`DPoP ${token}`) }),
      ]) {
        expectChallenges(answer, 'token.confirmation-missing', underDpop(api, 'token.confirmation-missing'));
      }
    });

    it('[rfc9449-7.2-bearer-downgrade] [attack-27-dpop-replay-order-downgrade] a bound token is no bearer token, with or without a proof', async () => {
      const api = of();
      const token = api.boundToken();
      const proof = api.proofs.proof({ url, accessToken: token });
      const before = api.handlerCalls();
      for (const lines of [dpopLines(`Bearer ${token}`), dpopLines(`Bearer ${token}`, proof)]) {
        expectChallenges(await api.send({ lines }), 'token.proof-required', {
          bearer: 'token.proof-required',
          dpop: undefined,
        });
      }
      expect(api.handlerCalls()).toBe(before);
      // The proof was not used up by it.
      await expectProven(api, () => api.prove({ token, proof }));
    });

    it.each(['dpop', 'DPOP', 'DPoP', 'dPoP'])(
      '[rfc9110-11.1-scheme-case] %s is the scheme',
      async (scheme) => {
        const api = of();
        const token = api.boundToken();
        const proof = api.proofs.proof({ url, accessToken: token });
        await expectProven(api, () => api.send({ lines: dpopLines(`${scheme} ${token}`, proof) }));
      },
    );

    it.each(['dpop', 'DPOP', 'DPoP', 'dPop'])('[rfc9110-11.1-scheme-case] %s is the header', async (name) => {
      const api = of();
      const token = api.boundToken();
      const proof = api.proofs.proof({ url, accessToken: token });
      await expectProven(api, () =>
        api.send({ lines: [`Authorization: DPoP ${token}`, `${name}: ${proof}`] }),
      );
    });

    it('[rfc9449-7.2-ambiguous] both schemes at once are a malformed request', async () => {
      const api = of();
      const token = api.boundToken();
      const bearer = api.builder.accessToken();
      const proof = api.proofs.proof({ url, accessToken: token });
      const before = api.handlerCalls();
      for (const authorizations of [
        [`Bearer ${bearer}`, `DPoP ${token}`],
        [`DPoP ${token}`, `Bearer ${bearer}`],
        // Neither is looked at.
        ['Bearer x', 'DPoP y'],
      ]) {
        const lines = [...authorizations.map((value) => `Authorization: ${value}`), `DPoP: ${proof}`];
        const answer = await api.send({ lines });
        expect(answer.status).toBe(400);
        expectChallenges(answer, 'request.token-repeated', {
          bearer: 'request.token-repeated',
          dpop: 'request.token-repeated',
        });
      }
      expect(api.handlerCalls()).toBe(before);
    });

    it('[rfc6750-3-attributes-once] two schemes in one line are a malformed request', async () => {
      const api = of();
      const answer = await api.send({
        lines: [`Authorization: DPoP ${api.boundToken()}, Bearer ${api.builder.accessToken()}`],
      });
      expectChallenges(answer, 'request.token-malformed', underDpop(api, 'request.token-malformed'));
    });
  });

  it('[rfc9110-11.1-scheme-case] bearer tokens pass under Bearer in any case, where they are accepted', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer']) {
      const lines = dpopLines(`${scheme} ${mixed.builder.accessToken()}`);
      await expectProven(mixed, () => mixed.send({ lines }));
    }
  });

  describe('a bound token in a form', () => {
    let forms: DpopApi;
    beforeAll(async () => {
      forms = await startDpopApi({ settings: { tokenLocations: ['header', 'form'] } });
    });

    it.each<[string, (token: string) => readonly string[]]>([
      ['without a proof', () => []],
      [
        'with a proof',
        (token) => [`DPoP: ${forms.proofs.proof({ method: 'POST', url, accessToken: token })}`],
      ],
    ])('[rfc9449-7.2-bearer-downgrade] counts as a bearer token, %s', async (_what, proofLines) => {
      const token = forms.boundToken();
      const before = forms.handlerCalls();
      const answer = await forms.send({
        method: 'POST',
        lines: ['Content-Type: application/x-www-form-urlencoded', ...proofLines(token)],
        body: `access_token=${token}`,
      });
      expectChallenges(answer, 'token.proof-required', { bearer: 'token.proof-required', dpop: undefined });
      expect(forms.handlerCalls()).toBe(before);
    });
  });

  describe('challenges', () => {
    const cases: readonly (readonly [
      string,
      () => DpopApi,
      () => RawRequest,
      FailureCode,
      ExpectedSchemes,
    ])[] = [
      [
        'a DPoP API, no credentials',
        () => dpopOnly,
        () => ({}),
        'request.token-missing',
        { dpop: undefined },
      ],
      [
        'a mixed API, no credentials',
        () => mixed,
        () => ({}),
        'request.token-missing',
        { bearer: undefined, dpop: undefined },
      ],
      [
        'a mixed API, a proof without a token',
        () => mixed,
        () => ({ lines: [`DPoP: ${mixed.proofs.proof({ url })}`] }),
        'request.token-missing',
        { bearer: undefined, dpop: undefined },
      ],
      [
        'a mixed API, an invalid token under Bearer',
        () => mixed,
        () => ({ lines: ['Authorization: Bearer x'] }),
        'token.malformed',
        { bearer: 'token.malformed', dpop: undefined },
      ],
      [
        'a mixed API, an invalid token under DPoP',
        () => mixed,
        () => ({ lines: ['Authorization: DPoP x'] }),
        'token.malformed',
        { bearer: undefined, dpop: 'token.malformed' },
      ],
      [
        'a mixed API, an invalid proof',
        () => mixed,
        () => ({ lines: dpopLines(`DPoP ${mixed.boundToken()}`, 'x') }),
        'proof.malformed',
        { bearer: undefined, dpop: 'proof.malformed' },
      ],
      [
        'a DPoP API, an invalid token under DPoP',
        () => dpopOnly,
        () => ({ lines: ['Authorization: DPoP x'] }),
        'token.malformed',
        { dpop: 'token.malformed' },
      ],
      [
        'a DPoP API, a bearer token',
        () => dpopOnly,
        () => ({ lines: dpopLines(`Bearer ${dpopOnly.builder.accessToken()}`) }),
        'token.confirmation-missing',
        { bearer: 'token.confirmation-missing', dpop: undefined },
      ],
      [
        'an API that says nothing of DPoP, no credentials',
        () => silent,
        () => ({}),
        'request.token-missing',
        { bearer: undefined },
      ],
      [
        'an API that says nothing of DPoP, an invalid token under DPoP',
        () => silent,
        () => ({ lines: ['Authorization: DPoP x'] }),
        'token.malformed',
        { dpop: 'token.malformed' },
      ],
    ];

    it.each(cases)('[rfc9449-7.2-multi-challenge] %s', async (_what, of, request, code, schemes) => {
      expectChallenges(await of().send(request()), code, schemes);
    });

    it('[rfc9449-7.2-multi-challenge] name the accepted algorithms of proofs', async () => {
      const narrow = await startDpopApi({ settings: { dpop: { algorithms: ['ES256', 'EdDSA'] } } });
      expectChallenges(
        await narrow.send({}),
        'request.token-missing',
        { bearer: undefined, dpop: undefined },
        ['ES256', 'EdDSA'],
      );
    });
  });

  describe('RFC 9068 section 4, the same failures under both schemes', () => {
    const failing: readonly (readonly [string, FailureCode, (api: DpopApi) => string])[] = [
      ['typ', 'token.type-mismatch', (api) => bound(api, {}, { typ: 'JWT' })],
      ['iss', 'token.issuer-unknown', (api) => bound(api, { iss: 'https://other.example' })],
      ['aud', 'token.audience-mismatch', (api) => bound(api, { aud: 'https://other.example' })],
      ['signature', 'token.signature-invalid', (api) => withOtherSignature(bound(api))],
      ['exp', 'token.expired', (api) => bound(api, { iat: nowSeconds - 600, exp: nowSeconds - 300 })],
      ['decryption', 'token.malformed', () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AA.AA.AA'],
      ['a missing claim', 'token.claim-invalid', (api) => bound(api, { client_id: undefined })],
    ];

    function bound(
      { builder, proofs }: DpopApi,
      claims: Readonly<Record<string, unknown>> = {},
      header: Readonly<Record<string, unknown>> = {},
    ): string {
      return builder.accessToken({ cnf: { jkt: proofs.thumbprint }, ...claims }, { header });
    }

    function withOtherSignature(token: string): string {
      const end = token.lastIndexOf('.');
      return `${token.slice(0, end)}.${'A'.repeat(86)}`;
    }

    it.each(failing)(
      '[rfc9068-4-error-code] a failure of %s is invalid_token in the scheme that was used',
      async (_what, code, make) => {
        const token = make(mixed);
        const before = mixed.handlerCalls();
        const byDpop = await mixed.prove({ token });
        expectChallenges(byDpop, code, { bearer: undefined, dpop: code });
        const byBearer = await mixed.sendToken(token);
        expectChallenges(byBearer, code, { bearer: code, dpop: undefined });
        for (const { text, body } of [byDpop, byBearer]) {
          expect(JSON.parse(body)).toMatchObject({ error: 'invalid_token' });
          for (const segment of token.split('.').filter(({ length }) => length > 16)) {
            expect(text).not.toContain(segment);
          }
        }
        expect(mixed.handlerCalls()).toBe(before);
      },
    );

    it('[rfc9449-4.3-12-key-binding] a token is judged before its proof', async () => {
      const token = bound(mixed, { aud: 'https://other.example' });
      const answer = await mixed.send({ lines: dpopLines(`DPoP ${token}`, 'x') });
      expectChallenges(answer, 'token.audience-mismatch', {
        bearer: undefined,
        dpop: 'token.audience-mismatch',
      });
    });
  });

  describe('requirements of a route', () => {
    let routes: DpopApi;
    beforeAll(async () => {
      routes = await startDpopApi({
        settings: { realm: 'orders "and" more, of \\ all', dpop: { algorithms: ['ES256', 'PS256'] } },
        routes: (app) => {
          app.get(
            '/step-up',
            requireScope('orders:read', 'orders:write'),
            requireStepUp({ acrValues: ['phr', 'phrh'], maxAgeSeconds: 60 }),
            (_request, response) => response.json({}),
          );
          app.get('/scoped', requireScope('orders:read', 'orders:write'), (_request, response) =>
            response.json({}),
          );
        },
      });
    });

    const parametersBy = async (target: string, claims: Readonly<Record<string, unknown>> = {}) => {
      const answer = await routes.prove({ target, token: routes.boundToken(claims) });
      return { answer, challenges: answer.challenges };
    };

    it('[rfc9470-3-scheme-and-combination] [rfc6750-3-attributes-once] a step-up is demanded in the scheme of the request, with all that is missing', async () => {
      const { answer, challenges } = await parametersBy('/step-up', {
        acr: 'pwd',
        auth_time: nowSeconds - 600,
        scope: 'orders:read',
      });
      expect(answer.status).toBe(401);
      const realm = 'orders "and" more, of \\ all';
      const algs = 'ES256 PS256';
      expect(challenges).toEqual([
        { scheme: 'bearer', parameters: { realm } },
        {
          scheme: 'dpop',
          parameters: {
            realm,
            algs,
            error: 'insufficient_user_authentication',
            error_description: 'The user has to be authenticated more strongly, or more recently.',
            acr_values: 'phr phrh',
            max_age: '60',
            scope: 'orders:read orders:write',
          },
        },
      ]);
      expect(answer.headers['www-authenticate']).toHaveLength(1);
    });

    it('[rfc9470-3-scheme-and-combination] a good one passes', async () => {
      const { answer } = await parametersBy('/step-up', {
        acr: 'phrh',
        auth_time: nowSeconds - 60,
        scope: 'orders:read orders:write',
      });
      expect(answer.status).toBe(200);
    });

    it('[rfc6750-3-attributes-once] a missing scope is named in the scheme of the request alone', async () => {
      const { answer, challenges } = await parametersBy('/scoped', { scope: 'orders:read' });
      expect(answer.status).toBe(403);
      expect(
        challenges.map(({ scheme, parameters }) => [scheme, parameters['error'], parameters['scope']]),
      ).toEqual([
        ['bearer', undefined, undefined],
        ['dpop', 'insufficient_scope', 'orders:read orders:write'],
      ]);
    });
  });

  describe('a route that insists on bound tokens', () => {
    const handled = { count: 0 };
    let routes: DpopApi;
    beforeAll(async () => {
      routes = await startDpopApi({
        routes: (app) => {
          for (const constraint of ['dpop', 'mtls', 'any'] as const) {
            app.get(`/${constraint}`, requireSenderConstraint(constraint), (_request, response) => {
              handled.count += 1;
              response.json({});
            });
          }
        },
      });
    });

    it.each<[SenderConstraint | 'any', ExpectedSchemes]>([
      ['dpop', { bearer: 'token.confirmation-missing', dpop: undefined }],
      ['any', { bearer: 'token.confirmation-missing', dpop: undefined }],
      ['mtls', { bearer: 'token.confirmation-missing' }],
    ])('[rfc9700-2.2.1-require-binding] refuses a plain bearer token: %s', async (constraint, schemes) => {
      const before = handled.count;
      const answer = await routes.sendToken(routes.builder.accessToken(), `/${constraint}`);
      expectChallenges(answer, 'token.confirmation-missing', schemes);
      expect(handled.count).toBe(before);
    });

    it.each(['dpop', 'any'])(
      '[rfc9700-2.2.1-require-binding] lets a bound token with its proof pass: %s',
      async (constraint) => {
        const before = handled.count;
        expect((await routes.prove({ target: `/${constraint}` })).status).toBe(200);
        expect(handled.count).toBe(before + 1);
      },
    );

    it('[rfc9700-2.2.1-require-binding] another constraint is not enough', async () => {
      const answer = await routes.prove({ target: '/mtls' });
      expectChallenges(answer, 'token.confirmation-missing', { dpop: 'token.confirmation-missing' });
    });

    it('[rfc9700-2.2.1-require-binding] a server that takes unknown confirmations does not take them here', async () => {
      const lenient = await startDpopApi({
        settings: { acceptUnknownConfirmation: true },
        routes: (app) => {
          app.get('/any', requireSenderConstraint('any'), (_request, response) => response.json({}));
        },
      });
      const token = lenient.builder.accessToken({ cnf: { kid: 'x' } });
      expectChallenges(await lenient.sendToken(token, '/any'), 'token.confirmation-missing', {
        bearer: 'token.confirmation-missing',
        dpop: undefined,
      });
      expect((await lenient.sendToken(token)).status).toBe(200);
    });

    it.each(['', 'DPoP', 'tls', undefined])('is a mistake at start with %p', (given) => {
      expect(() => senderConstraint(given as 'any')).toThrow(SetupError);
      expect(() => requireSenderConstraint(given as 'any')).toThrow(
        'senderConstraint: there is no such constraint',
      );
    });
  });

  describe('a server that insists on bound tokens', () => {
    it.each<['dpop' | 'any' | 'mtls', ExpectedSchemes]>([
      ['dpop', { bearer: 'token.confirmation-missing', dpop: undefined }],
      ['any', { bearer: 'token.confirmation-missing', dpop: undefined }],
      ['mtls', { bearer: 'token.confirmation-missing' }],
    ])('[rfc9700-2.2.1-require-binding] refuses a plain bearer token: %s', async (constraint, schemes) => {
      const api = await startDpopApi({ settings: { requireSenderConstraint: constraint } });
      const answer = await api.sendToken(api.builder.accessToken());
      expectChallenges(answer, 'token.confirmation-missing', schemes);
      expect(api.handlerCalls()).toBe(0);
    });

    it.each(['dpop', 'any'] as const)(
      '[rfc9700-2.2.1-require-binding] lets a bound token with its proof pass: %s',
      async (constraint) => {
        const api = await startDpopApi({ settings: { requireSenderConstraint: constraint } });
        await expectProven(api, () => api.prove());
      },
    );

    it('[rfc9700-2.2.1-require-binding] a DPoP-bound token does not do where certificates are demanded', async () => {
      const api = await startDpopApi({ settings: { requireSenderConstraint: 'mtls' } });
      await expectProofRefused(api, () => api.prove(), 'token.confirmation-missing');
    });

    it('is a mistake at start with another word', async () => {
      await expect(startDpopApi({ settings: { requireSenderConstraint: 'tls' as 'any' } })).rejects.toThrow(
        'requireSenderConstraint: there is no such value',
      );
    });
  });

  it('[rfc9449-4.3-12-key-binding] the tokens of two clients are not exchanged', async () => {
    const bob = provenBy(mixed, await createProofBuilder({ clock: mixed.clock }));
    const stolen = mixed.boundToken();
    const answer = await bob.prove({ token: stolen });
    expectChallenges(answer, 'token.confirmation-mismatch', {
      bearer: undefined,
      dpop: 'token.confirmation-mismatch',
    });
    await expectProven(mixed, () => bob.prove());
  });
});
