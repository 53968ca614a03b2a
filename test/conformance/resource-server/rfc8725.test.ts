import { createPublicKey, randomBytes, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createAccessTokenVerifier,
  createResourceServer,
  knownAlgorithms,
  SetupError,
  type Algorithm,
  type IssuerOptions,
  type Jwk,
  type KeySource,
} from '@assay/core';
import { principalOf } from '@assay/express';
import { createTokenBuilder, publicJwk, type TokenBuilder } from '@assay/testing';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { macToken } from '../support/mac-token.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 8725, best current practices', () => {
  let api: ProtectedApi;
  let rsaKey: Jwk;
  beforeAll(async () => {
    api = await startProtectedApi();
    rsaKey = await generateJwk('RSA 2048', { alg: 'RS256', kid: 'rsa' });
  });
  afterAll(closeProtectedApis);

  const pemOf = (jwk: Jwk) => createPublicKey({ key: publicJwk(jwk) as JsonWebKey, format: 'jwk' });
  const unsigned = (signature = '') => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const header = { ...api.builder.header(), alg: 'none' };
    return `${encode(header)}.${encode(api.builder.claims())}.${signature}`;
  };
  const byMac = (secret: Uint8Array | string) =>
    macToken({
      header: { ...api.builder.header(), alg: 'HS256' },
      claims: api.builder.claims(),
      secret,
    });

  describe('the list of algorithms', () => {
    it('[rfc8725-3.1-allowlist] is asymmetric by default', () => {
      expect(knownAlgorithms).toEqual(
        expect.arrayContaining(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']),
      );
      for (const name of knownAlgorithms) {
        expect(name).toMatch(/^((RS|PS|ES)(256|384|512)|EdDSA|Ed25519|ML-DSA-(44|65|87))$/);
      }
    });

    it.each(['RS256', 'PS384', 'ES256', 'ES512', 'EdDSA', 'Ed25519'] as const)(
      '[rfc8725-3.1-allowlist] lets %s pass by default',
      async (alg) => {
        const { clock } = api;
        const builder = await createTokenBuilder({ alg, clock });
        await expectAccepted(await startProtectedApi({ builder, clock }), builder.accessToken());
      },
    );

    it.each([
      ['HS256', () => byMac(randomBytes(32))],
      ['HS256 with the issuer’s public key', () => byMac(JSON.stringify(api.builder.jwks.keys[0]))],
      ['none', () => unsigned()],
    ])('[rfc8725-3.1-allowlist] does not let %s pass by default', async (_what, make) => {
      await expectInvalidToken(api, make(), 'token.algorithm-refused');
    });

    it.each<readonly [string, () => string]>([
      [
        'RS256, rightly signed',
        () => api.builder.accessToken({}, { key: rsaKey, header: { alg: 'RS256', kid: 'rsa' } }),
      ],
      ['ES384 by the same key', () => api.builder.accessToken({}, { header: { alg: 'ES384' } })],
      ['HS256, rightly MACed', () => byMac(randomBytes(32))],
      ['none', () => unsigned()],
      ['none with a signature', () => unsigned('AAAA')],
    ])(
      '[rfc8725-3.1-allowlist] with ES256 alone refuses %s before a key is looked up',
      async (_what, make) => {
        const find = jest.fn<KeySource['find']>(() => []);
        const keys: KeySource = { find, ready: () => Promise.resolve() };
        const asked = await startProtectedApi({
          builder: api.builder,
          clock: api.clock,
          settings: { keys, algorithms: ['ES256'] },
        });
        await expectInvalidToken(asked, make(), 'token.algorithm-refused');
        expect(find).not.toHaveBeenCalled();
        const both = { keys: [...api.builder.jwks.keys, publicJwk(rsaKey)] };
        const holding = await startProtectedApi({
          builder: api.builder,
          clock: api.clock,
          settings: { keys: both, algorithms: ['ES256'] },
        });
        await expectInvalidToken(holding, make(), 'token.algorithm-refused');
        await expectAccepted(holding, api.builder.accessToken());
      },
    );

    it.each(['*', '', 'all', 'RS*', 'ES256 ', 'es256', 'none', 'HS256'])(
      '[rfc8725-3.1-allowlist] takes no pattern and no unknown name: %j',
      (name) => {
        const { issuer, audience, jwks: keys } = api.builder;
        const start = () =>
          createAccessTokenVerifier({ issuer, audience, keys, algorithms: ['ES256', name as Algorithm] });
        expect(start).toThrow(SetupError);
        expect(start).toThrow(/^algorithms: /);
      },
    );

    it('[rfc8725-3.1-allowlist] is never empty', () => {
      const { issuer, audience, jwks: keys } = api.builder;
      const start = () => createAccessTokenVerifier({ issuer, audience, keys, algorithms: [] });
      expect(start).toThrow(SetupError);
    });
  });

  describe('a public key', () => {
    const secret = randomBytes(32);
    let mixed: ProtectedApi;
    const sharer = 'https://sharer.example';

    beforeAll(async () => {
      const issuers: readonly IssuerOptions[] = [
        { issuer: api.builder.issuer, keys: { keys: [publicJwk(rsaKey)] } },
        { issuer: sharer, sharedSecret: secret, algorithms: ['HS256'] },
      ];
      mixed = await startProtectedApi({
        builder: api.builder,
        clock: api.clock,
        settings: { issuer: issuers },
      });
    });

    const token = (text: string | Buffer, iss: string) =>
      macToken({
        header: { alg: 'HS256', typ: 'at+jwt', kid: 'rsa' },
        claims: { ...api.builder.claims(), iss },
        secret: text,
      });

    const forms: readonly (readonly [string, () => string | Buffer])[] = [
      ['its PEM text', () => pemOf(rsaKey).export({ type: 'spki', format: 'pem' })],
      [
        'its PEM text without the final newline',
        () => pemOf(rsaKey).export({ type: 'spki', format: 'pem' }).toString().trimEnd(),
      ],
      ['its PKCS #1 PEM text', () => pemOf(rsaKey).export({ type: 'pkcs1', format: 'pem' })],
      ['its DER', () => pemOf(rsaKey).export({ type: 'spki', format: 'der' })],
      ['its JWK text', () => JSON.stringify(publicJwk(rsaKey))],
      ['its JWK Set text', () => JSON.stringify({ keys: [publicJwk(rsaKey)] })],
      ['its modulus', () => Buffer.from(rsaKey['n'] as string, 'base64url')],
    ];

    it.each(forms)('[rfc8725-3.1-rs-hs-confusion] is no MAC secret: %s', async (_form, text) => {
      await expectInvalidToken(mixed, token(text(), api.builder.issuer), 'token.algorithm-refused');
    });

    it.each(forms)(
      '[rfc8725-3.1-rs-hs-confusion] is no MAC secret, not even where another issuer has one: %s',
      async (_form, text) => {
        await expectInvalidToken(mixed, token(text(), sharer), 'token.signature-invalid');
      },
    );

    it('[rfc8725-3.1-rs-hs-confusion] leaves the secret of the one and the key of the other to themselves', async () => {
      await expectAccepted(mixed, token(secret, sharer));
      await expectInvalidToken(mixed, token(secret, api.builder.issuer), 'token.algorithm-refused');
      const signed = (iss: string) =>
        api.builder.accessToken({ iss }, { key: rsaKey, header: { alg: 'RS256', kid: 'rsa' } });
      await expectAccepted(mixed, signed(api.builder.issuer));
      await expectInvalidToken(mixed, signed(sharer), 'token.algorithm-refused');
    });

    it('[rfc8725-3.1-rs-hs-confusion] cannot be configured as a secret', () => {
      const { issuer, audience } = api.builder;
      for (const given of [
        pemOf(rsaKey),
        publicJwk(rsaKey),
        pemOf(rsaKey).export({ type: 'spki', format: 'pem' }),
      ]) {
        const start = () =>
          createResourceServer({ issuer, audience, sharedSecret: given as Jwk, algorithms: ['HS256'] });
        expect(start).toThrow(SetupError);
        expect(start).toThrow(/^sharedSecret: /);
      }
    });
  });

  describe('the subject', () => {
    const identifiers = { a: 'https://a.example', b: 'https://b.example' } as const;
    const builders = new Map<string, TokenBuilder>();
    const builderOf = (issuer: string) => builders.get(issuer) as TokenBuilder;
    const asked: unknown[][] = [];
    let hooked: ProtectedApi;

    beforeAll(async () => {
      const { clock } = api;
      for (const issuer of Object.values(identifiers)) {
        builders.set(issuer, await createTokenBuilder({ issuer, clock, kid: 'k1' }));
      }
      hooked = await startProtectedApi({
        clock,
        settings: {
          issuer: Object.values(identifiers).map((issuer) => ({
            issuer,
            keys: builderOf(issuer).jwks,
          })),
          acceptsSubject: (subject, issuer) => {
            asked.push([subject, issuer]);
            return !(subject === '1' && issuer === identifiers.b);
          },
        },
        routes: (app) => {
          app.get('/identity', (request, response) => {
            const { issuer, subject } = principalOf(request);
            response.json({ issuer, subject });
          });
        },
      });
    });

    const tokenOf = (issuer: string, sub: string) => builderOf(issuer).accessToken({ sub });

    it('[rfc8725-3.8-subject] is who it is by its issuer and its name', async () => {
      for (const [issuer, subject] of [
        [identifiers.a, '1'],
        [identifiers.a, '2'],
        [identifiers.b, '2'],
      ] as const) {
        const answer = await hooked.sendToken(tokenOf(issuer, subject), '/identity');
        expect(JSON.parse(answer.body)).toEqual({ issuer, subject });
      }
    });

    it('[rfc8725-3.8-subject] can be refused for one issuer and accepted for another', async () => {
      await expectInvalidToken(hooked, tokenOf(identifiers.b, '1'), 'token.subject-refused');
      await expectAccepted(hooked, tokenOf(identifiers.a, '1'));
      expect(asked).toContainEqual(['1', identifiers.a]);
      expect(asked).toContainEqual(['1', identifiers.b]);
    });

    it('is not asked for before the signature is verified', async () => {
      asked.length = 0;
      const key = await generateJwk('P-256', { alg: 'ES256' });
      const forged = builderOf(identifiers.b).accessToken({ sub: '9' }, { key });
      await expectInvalidToken(hooked, forged, 'token.signature-invalid');
      expect(asked).toEqual([]);
    });

    it('says with one entry of the list what counts for that issuer alone', async () => {
      const { clock } = api;
      const entryOf = (issuer: string): IssuerOptions => ({ issuer, keys: builderOf(issuer).jwks });
      const one = await startProtectedApi({
        clock,
        settings: {
          issuer: [{ ...entryOf(identifiers.a), acceptsSubject: () => false }, entryOf(identifiers.b)],
        },
      });
      await expectInvalidToken(one, tokenOf(identifiers.a, '1'), 'token.subject-refused');
      await expectAccepted(one, tokenOf(identifiers.b, '1'));
    });

    it('is not accepted by a hook that fails: that is our own failure, and no handler runs', async () => {
      const { builder, clock } = api;
      const failing = await startProtectedApi({
        builder,
        clock,
        settings: {
          acceptsSubject: () => {
            throw new Error('the directory is down');
          },
        },
      });
      const answer = await failing.sendToken(builder.accessToken());
      expect(answer.status).toBe(500);
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.text).not.toContain('directory');
      expect(failing.handlerCalls()).toBe(0);
    });

    it.each([
      ['a promise', () => Promise.resolve(true)],
      ['a number', () => 1],
      ['nothing', () => undefined],
    ])('is not accepted by a hook that answers %s', async (_what, hook) => {
      const { builder, clock } = api;
      const other = await startProtectedApi({
        builder,
        clock,
        settings: { acceptsSubject: hook as unknown as () => boolean },
      });
      await expectInvalidToken(other, builder.accessToken(), 'token.subject-refused');
    });

    it.each([[/user/], ['user-1'], [{}], [null]])('cannot be judged by %p', (hook) => {
      const { issuer, audience, jwks: keys } = api.builder;
      const start = () => createResourceServer({ issuer, audience, keys, acceptsSubject: hook as never });
      expect(start).toThrow(SetupError);
      expect(start).toThrow('acceptsSubject: it is not a function.');
    });
  });

  describe('the audience', () => {
    it.each([
      ['missing', undefined],
      ['null', null],
      ['an empty list', []],
      ['an empty text', ''],
    ])('[rfc8725-3.9-aud-required] is required in a token: %s', async (_how, aud) => {
      await expectInvalidToken(api, api.builder.accessToken({ aud }), 'token.audience-mismatch');
    });

    it.each([
      ['missing', undefined],
      ['an empty list', []],
      ['an empty text', ''],
      ['a list with an empty text', ['https://api.example', '']],
      ['null', null],
    ])('[rfc8725-3.9-aud-required] is required in the configuration: %s', (_how, audience) => {
      const { issuer, jwks: keys } = api.builder;
      const start = () => createResourceServer({ issuer, keys, audience: audience as string });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(/^audience: /);
    });

    it('[rfc8725-3.9-aud-required] is required for each issuer of a list', () => {
      const { issuer, jwks: keys, audience } = api.builder;
      const start = () =>
        createResourceServer({
          issuer: [
            { issuer, keys, audience },
            { issuer: 'https://b.example', keys },
          ],
        });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(/^issuer\[1\]\.audience: /);
    });
  });
});
