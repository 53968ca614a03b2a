import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createDpopProofVerifier,
  createResourceServer,
  SetupError,
  type FailureCode,
  type ResourceServerOptions,
} from '@assay/core';
import { createProofBuilder, publicJwk, type ProofBuilder } from '@assay/testing';
import {
  dpopLines,
  expectChallenges,
  expectProofRefused,
  expectProven,
  origin,
  startDpopApi,
  type DpopApi,
} from '../support/dpop-api.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';

const url = `${origin}/orders`;
const digestOf = (token: string) => createHash('sha256').update(token).digest();

describe('RFC 9449 section 4.3, when a proof was made and for which token', () => {
  let api: DpopApi;
  let other: ProofBuilder;
  beforeAll(async () => {
    // With the leeway of the product: ten seconds.
    api = await startDpopApi({ defaultLeeway: true });
    other = await createProofBuilder({ clock: api.clock });
  });
  afterAll(closeProtectedApis);

  describe('check 11, the time', () => {
    const madeAt = (iat: number) => () => api.prove({ variation: { claims: { iat } } });

    it.each([-71, -70.5, -3600, -nowSeconds])(
      '[rfc9449-4.3-11-iat-window] [attack-27-dpop-replay-order-downgrade] refuses a proof made at now%d',
      async (seconds) => {
        await expectProofRefused(api, madeAt(nowSeconds + seconds), 'proof.too-old');
      },
    );

    it.each([11, 10.5, 3600, 1e15])(
      '[rfc9449-4.3-11-iat-window] [attack-27-dpop-replay-order-downgrade] refuses a proof made at now+%d',
      async (seconds) => {
        await expectProofRefused(api, madeAt(nowSeconds + seconds), 'proof.not-yet-valid');
      },
    );

    it.each([-70, -30, -0.5, 0, 5, 10])(
      '[rfc9449-4.3-11-iat-window] accepts a proof made at now%d',
      async (seconds) => {
        await expectProven(api, madeAt(nowSeconds + seconds));
      },
    );

    it('[rfc9449-4.3-11-iat-window] keeps to a window that was configured, with the leeway on top', async () => {
      const short = await startDpopApi({
        defaultLeeway: true,
        settings: { dpop: { proofLifetimeSeconds: 1 } },
      });
      const at = (iat: number) => short.prove({ variation: { claims: { iat } } });
      await expectProven(short, () => at(nowSeconds - 11));
      expectChallenges(await at(nowSeconds - 12), 'proof.too-old', {
        bearer: undefined,
        dpop: 'proof.too-old',
      });
    });

    const withLifetime = (proofLifetimeSeconds: unknown) => () =>
      createResourceServer({
        issuer: api.builder.issuer,
        audience: origin,
        keys: api.builder.jwks,
        dpop: { proofLifetimeSeconds: proofLifetimeSeconds as number },
      });

    it.each([0, 0.9, -1, 300.5, 301, 86_400, NaN, Infinity, '60', null])(
      '[rfc9449-4.3-11-iat-window] a window of %p seconds is a mistake at start',
      (seconds) => {
        expect(withLifetime(seconds)).toThrow(SetupError);
        expect(withLifetime(seconds)).toThrow('dpop.proofLifetimeSeconds: it is not a number from 1 to 300');
      },
    );

    it.each([1, 300])('[rfc9449-4.3-11-iat-window] a window of %d seconds is none', (seconds) => {
      expect(withLifetime(seconds)).not.toThrow();
    });

    it.each<[string, Readonly<Record<string, unknown>>, FailureCode]>([
      ['exp has passed', { exp: nowSeconds - 10 }, 'proof.too-old'],
      ['exp is no number', { exp: 'soon' }, 'proof.too-old'],
      ['nbf lies ahead', { nbf: nowSeconds + 11 }, 'proof.not-yet-valid'],
    ])('refuses a proof whose %s, as whoever wrote that wants', async (_what, claims, code) => {
      await expectProofRefused(api, () => api.prove({ variation: { claims } }), code);
    });

    it('accepts a proof whose exp lies ahead and whose nbf has come', async () => {
      const claims = { exp: nowSeconds - 9, nbf: nowSeconds + 10 };
      await expectProven(api, () => api.prove({ variation: { claims } }));
    });
  });

  describe('check 12, the access token', () => {
    it('[rfc9449-4.3-12-ath] accepts the digest of the token in the standard', async () => {
      const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
      const ath = 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo';
      const { clock } = api;
      const verifier = createDpopProofVerifier({ clock });
      const proof = api.proofs.proof({ url }, { claims: { ath } });
      await expect(verifier.verify(proof, { method: 'GET', url, accessToken })).resolves.toMatchObject({
        kind: 'dpop-proof',
        thumbprint: api.proofs.thumbprint,
      });
      await expect(
        verifier.verify(proof, { method: 'GET', url, accessToken: `${accessToken}x` }),
      ).rejects.toMatchObject({ code: 'proof.token-mismatch' });
    });

    it('[rfc9449-4.3-12-ath] accepts the digest of the very token', async () => {
      const token = api.boundToken();
      const ath = digestOf(token).toString('base64url');
      await expectProven(api, () => api.prove({ token, variation: { claims: { ath } } }));
    });

    it.each<[string, (token: string) => string]>([
      ['the digest of another token', () => digestOf(api.boundToken()).toString('base64url')],
      ['the digest with padding', (token) => `${digestOf(token).toString('base64url')}=`],
      ['the digest in hex', (token) => digestOf(token).toString('hex')],
      ['the digest in upper case', (token) => digestOf(token).toString('base64url').toUpperCase()],
      ['the digest with a blank', (token) => `${digestOf(token).toString('base64url')} `],
      ['half of the digest', (token) => digestOf(token).subarray(0, 16).toString('base64url')],
      ['a longer digest', (token) => createHash('sha512').update(token).digest('base64url')],
      ['the token', (token) => token],
      ['nothing', () => ''],
    ])('[rfc9449-4.3-12-ath] [attack-27-dpop-replay-order-downgrade] refuses %s', async (_what, athOf) => {
      const token = api.boundToken();
      const ath = athOf(token);
      await expectProofRefused(
        api,
        () => api.prove({ token, variation: { claims: { ath } } }),
        'proof.token-mismatch',
      );
    });

    it('[rfc9449-4.3-12-ath] refuses the digest in standard base64', async () => {
      // One whose two alphabets differ.
      let token = api.boundToken();
      while (!/[-_]/.test(digestOf(token).toString('base64url'))) token = api.boundToken();
      const ath = digestOf(token).toString('base64').replace('=', '');
      await expectProofRefused(
        api,
        () => api.prove({ token, variation: { claims: { ath } } }),
        'proof.token-mismatch',
      );
    });
  });

  describe('check 12, the key', () => {
    it('[rfc9449-4.3-12-key-binding] refuses a valid proof by another key than that of the token', async () => {
      const token = api.boundToken();
      const { authorization, dpop } = other.headers(token, { url });
      await expectProofRefused(
        api,
        () => api.send({ lines: dpopLines(authorization, dpop) }),
        'token.confirmation-mismatch',
      );
    });

    it('[rfc9449-4.3-12-key-binding] a key is told by its thumbprint, whatever else its jwk says', async () => {
      const jwk = { ...publicJwk(api.proofs.key), kid: 'another', 'x-note': 'text' };
      await expectProven(api, () => api.prove({ variation: { header: { jwk } } }));
    });
  });

  describe('section 6.1, what a token is bound to', () => {
    const thumbprint = () => api.proofs.thumbprint;
    const malformed: readonly (readonly [string, () => unknown])[] = [
      ['jkt 5', () => ({ jkt: 5 })],
      ['an empty jkt', () => ({ jkt: '' })],
      ['jkt null', () => ({ jkt: null })],
      ['a jkt of 42 characters', () => ({ jkt: thumbprint().slice(0, 42) })],
      ['a jkt of 44 characters', () => ({ jkt: `${thumbprint()}A` })],
      ['a padded jkt', () => ({ jkt: `${thumbprint()}=` })],
      ['a jkt with a line break', () => ({ jkt: `${thumbprint()}\n` })],
      ['a jkt in a list', () => ({ jkt: [thumbprint()] })],
      ['a jkt in standard base64', () => ({ jkt: `${thumbprint().slice(0, 42)}+` })],
      ['a good jkt and a malformed certificate', () => ({ jkt: thumbprint(), 'x5t#S256': 5 })],
      ['an empty list', () => []],
      ['a list with the binding in it', () => [{ jkt: thumbprint() }]],
      ['x', () => 'x'],
      ['nothing but null', () => null],
      ['false', () => false],
      ['0', () => 0],
      ['an empty text', () => ''],
    ];

    it.each(malformed)('[rfc9449-6.1-jkt-form] a cnf of %s is never good enough', async (_what, cnf) => {
      const token = api.boundToken({ cnf: cnf() });
      await expectProofRefused(api, () => api.prove({ token }), 'token.confirmation-unverifiable');
    });

    it.each(malformed)('[rfc9449-6.1-jkt-form] a cnf of %s is never taken for none', async (_what, cnf) => {
      const before = api.handlerCalls();
      const answer = await api.sendToken(api.boundToken({ cnf: cnf() }));
      expectChallenges(answer, 'token.confirmation-unverifiable', {
        bearer: 'token.confirmation-unverifiable',
      });
      expect(api.handlerCalls()).toBe(before);
    });

    it('[rfc9449-6.1-jkt-form] accepts the thumbprint of the key', async () => {
      const token = api.boundToken({ cnf: { jkt: thumbprint() } });
      await expectProven(api, () => api.prove({ token }));
    });
  });

  describe('RFC 7800 section 3.1, confirmations of other kinds', () => {
    const unknown: readonly (readonly [string, () => unknown])[] = [
      ['kid', () => ({ kid: 'x' })],
      ['jwk', () => ({ jwk: publicJwk(api.proofs.key) })],
      ['nothing', () => ({})],
      ['a member that is spelt almost right', () => ({ JKT: api.proofs.thumbprint })],
      ['a member with a blank', () => ({ 'jkt ': api.proofs.thumbprint })],
    ];

    it.each(unknown)(
      '[rfc7800-3.1-unknown-confirmation] a token bound by %s is refused',
      async (_what, cnf) => {
        const token = api.boundToken({ cnf: cnf() });
        expectChallenges(await api.sendToken(token), 'token.confirmation-unverifiable', {
          bearer: 'token.confirmation-unverifiable',
        });
        await expectProofRefused(api, () => api.prove({ token }), 'token.confirmation-unverifiable');
      },
    );

    describe('where an option says so', () => {
      let lenient: DpopApi;
      beforeAll(async () => {
        lenient = await startDpopApi({ settings: { acceptUnknownConfirmation: true } });
      });

      it.each(unknown)(
        '[rfc7800-3.1-unknown-confirmation] a token bound by %s is a bearer token',
        async (_what, cnf) => {
          const token = lenient.boundToken({ cnf: cnf() });
          await expectProven(lenient, () => lenient.sendToken(token));
          // It is bound to no key that a proof could show.
          await expectProofRefused(lenient, () => lenient.prove({ token }), 'token.confirmation-missing');
        },
      );

      it.each<[string, unknown]>([
        ['null', null],
        ['jkt 5', { jkt: 5 }],
        ['a list', []],
      ])('[rfc9449-6.1-jkt-form] a malformed cnf is refused all the same: %s', async (_what, cnf) => {
        expectChallenges(
          await lenient.sendToken(lenient.boundToken({ cnf })),
          'token.confirmation-unverifiable',
          { bearer: 'token.confirmation-unverifiable' },
        );
      });

      it('[rfc9449-7.2-bearer-downgrade] a known method is enforced all the same', async () => {
        expectChallenges(await lenient.sendToken(lenient.boundToken()), 'token.proof-required', {
          bearer: 'token.proof-required',
          dpop: undefined,
        });
      });

      it.each(['yes', 1, null])('is no option where it is %p', (given) => {
        const settings = { acceptUnknownConfirmation: given } as unknown as Partial<ResourceServerOptions>;
        const make = () =>
          createResourceServer({
            issuer: api.builder.issuer,
            audience: origin,
            keys: api.builder.jwks,
            ...settings,
          });
        expect(make).toThrow(SetupError);
        expect(make).toThrow('acceptUnknownConfirmation: it is neither true nor false');
      });
    });

    it('[rfc7800-3.1-unknown-confirmation] a member beside a method that was checked does no harm', async () => {
      const cnf = { jkt: api.proofs.thumbprint, 'kc-jkt-type': 'x' };
      await expectProven(api, () => api.prove({ token: api.boundToken({ cnf }) }));
      await expectProofRefused(
        api,
        () => api.send({ lines: dpopLines(`DPoP ${api.boundToken({ cnf })}`) }),
        'proof.missing',
      );
    });
  });
});
