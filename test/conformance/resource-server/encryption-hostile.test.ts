import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  randomBytes,
  subtle,
  type JsonWebKey,
} from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createAccessTokenVerifier, SetupError, type Jwk, type KeyManagementAlgorithm } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { agreedKey, compactJwe, wrappedByAes } from '../support/compact-jwe.js';
import { startEncryptedApi, watchKeyOperations, type EncryptedApi } from '../support/encrypted-api.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis } from '../support/protected-api.js';

describe('hostile envelopes', () => {
  let api: EncryptedApi;
  beforeAll(async () => {
    api = await startEncryptedApi();
  });
  afterAll(closeProtectedApis);
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const inner = () => api.builder.accessToken();

  describe('the ephemeral key of a key agreement', () => {
    /** An envelope sealed with the key that this secret makes, whatever ephemeral key its header shows. */
    const agreed = (name: 'ec' | 'x25519', epk: unknown, secret: Uint8Array) =>
      compactJwe({
        header: { ...api.header(name), epk },
        plaintext: inner(),
        contentKey: agreedKey(secret, 'A256GCM'),
        enc: 'A256GCM',
      });
    const secretOf = (name: 'ec' | 'x25519', ephemeral: Jwk) =>
      diffieHellman({
        privateKey: createPrivateKey({ key: ephemeral as JsonWebKey, format: 'jwk' }),
        publicKey: createPublicKey({ key: publicJwk(api.keys[name]) as JsonWebKey, format: 'jwk' }),
      });
    const flipped = (coordinate: unknown) => {
      const bytes = Buffer.from(coordinate as string, 'base64url');
      bytes[31] = (bytes[31] ?? 0) ^ 1;
      return bytes.toString('base64url');
    };
    const zeros = Buffer.alloc(32).toString('base64url');

    it.each([
      ['P-256', 'ec'],
      ['X25519', 'x25519'],
    ] as const)('[rfc8725-3.4-ecdh-points] is used where it is good (%s)', async (kind, name) => {
      const ephemeral = await generateJwk(kind);
      await expectAccepted(api, agreed(name, publicJwk(ephemeral), secretOf(name, ephemeral)));
    });

    const bad: readonly (readonly [string, (good: Jwk) => unknown])[] = [
      ['is off the curve', (good) => ({ ...publicJwk(good), y: flipped(good['y']) })],
      ['is the point at infinity, written as zeros', (good) => ({ ...publicJwk(good), x: zeros, y: zeros })],
      ['is the point at infinity, written as nothing', (good) => ({ ...publicJwk(good), x: '', y: '' })],
      ['has a private member', (good) => good],
      ['has a private member of another kind of key', (good) => ({ ...publicJwk(good), p: 'AQAB' })],
      ['has an empty private member', (good) => ({ ...publicJwk(good), d: '' })],
      ['says that it is on another curve', (good) => ({ ...publicJwk(good), crv: 'P-384' })],
      ['is of another type', (good) => ({ ...publicJwk(good), kty: 'OKP', crv: 'X25519' })],
      ['lacks a coordinate', (good) => ({ ...publicJwk(good), y: undefined })],
      ['is missing', () => undefined],
      ['is null', () => null],
      ['is a text', () => 'epk'],
      ['is a list', (good) => [publicJwk(good)]],
    ];

    it.each(bad)('[rfc8725-3.4-ecdh-points] is refused where it %s', async (_how, spoil) => {
      const ephemeral = await generateJwk('P-256');
      const token = agreed('ec', spoil(ephemeral), secretOf('ec', ephemeral));
      await expectInvalidToken(api, token, 'token.decryption-failed');
    });

    it.each(['P-384', 'P-521', 'secp256k1', 'X25519'] as const)(
      '[rfc8725-3.4-ecdh-points] is refused where it is a good key on another curve: %s',
      async (kind) => {
        const token = agreed('ec', publicJwk(await generateJwk(kind)), randomBytes(32));
        await expectInvalidToken(api, token, 'token.decryption-failed');
      },
    );

    // The points of small order: the agreed secret is all zeros, whoever's private key it is.
    const smallOrder = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ];

    it.each(smallOrder)(
      '[rfc8725-3.4-ecdh-points] is refused where an X25519 key gives an all-zero secret: %s',
      async (hex) => {
        const x = Buffer.from(hex, 'hex').toString('base64url');
        const token = agreed('x25519', { kty: 'OKP', crv: 'X25519', x }, Buffer.alloc(32));
        await expectInvalidToken(api, token, 'token.decryption-failed');
      },
    );
  });

  describe('password-based key management', () => {
    const password = 'correct horse battery staple';
    const configured = (alg: string) => () =>
      createAccessTokenVerifier({
        issuer: api.builder.issuer,
        audience: api.builder.audience,
        keys: api.builder.jwks,
        decryptionKeys: [
          {
            key: { kty: 'oct', k: Buffer.from(password).toString('base64url') },
            alg: alg as KeyManagementAlgorithm,
            enc: 'A256GCM',
          },
        ],
      });

    it.each(['PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW'])(
      '[rfc8725bis-3.13-p2c] [attack-18-jwe-resource-use-p2c-zip] cannot be set up: %s',
      (alg) => {
        expect(configured(alg)).toThrow(SetupError);
        expect(configured(alg)).toThrow('decryptionKeys[0].alg: the algorithm is not offered.');
      },
    );

    const counts: readonly (readonly [string, Record<string, unknown>])[] = [
      ['p2c 1200001', { p2c: 1_200_001 }],
      ['p2c 1e7', { p2c: 1e7 }],
      ['p2c 1e9', { p2c: 1e9 }],
      ['p2c 999', { p2c: 999 }],
      ['p2c 0', { p2c: 0 }],
      ['p2c -1', { p2c: -1 }],
      ['p2c 1.5', { p2c: 1.5 }],
      ['p2c "1000"', { p2c: '1000' }],
      ['p2c missing', { p2c: undefined }],
      ['p2s of 7 bytes', { p2s: randomBytes(7).toString('base64url') }],
      ['nothing wrong with its parameters', {}],
    ];

    it.each(counts)(
      '[rfc8725bis-3.13-p2c] [attack-18-jwe-resource-use-p2c-zip] is refused before any derivation: %s',
      async (_what, changes) => {
        const contentKey = randomBytes(32);
        const token = compactJwe({
          header: {
            ...api.header('wrapping'),
            alg: 'PBES2-HS256+A128KW',
            p2c: 10_000,
            p2s: randomBytes(16).toString('base64url'),
            ...changes,
          },
          plaintext: inner(),
          contentKey,
          encryptedKey: wrappedByAes(api.bytesOf('wrapping'), contentKey),
          enc: 'A256GCM',
        });
        const derive = jest.spyOn(subtle, 'deriveBits');
        const operations = watchKeyOperations(api);
        await expectInvalidToken(api, token, 'token.decryption-failed');
        expect(derive).not.toHaveBeenCalled();
        expect(operations()).toBe(0);
      },
    );
  });

  describe('compression', () => {
    const compressed = (deflated: Buffer) =>
      compactJwe({
        header: { ...api.header('direct'), zip: 'DEF' },
        plaintext: deflated,
        contentKey: api.bytesOf('direct'),
        enc: 'A256GCM',
      });

    /** One DEFLATE stream of a mebibyte of zeros that another can follow; a thousand of them are a gibibyte. */
    const mebibyte = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });

    const bombs: readonly (readonly [string, () => Buffer, 'token.decryption-failed' | 'token.too-large'])[] =
      [
        ['to 300 kB', () => deflateRawSync(Buffer.alloc(300_000)), 'token.decryption-failed'],
        ['to 9 MB', () => Buffer.concat(Array<Buffer>(9).fill(mebibyte)), 'token.decryption-failed'],
        ['to 1 GB', () => Buffer.concat(Array<Buffer>(1024).fill(mebibyte)), 'token.too-large'],
        ['not at all', () => deflateRawSync(inner()), 'token.decryption-failed'],
      ];

    it.each(bombs)(
      '[rfc8725bis-3.15-decompression] [attack-18-jwe-resource-use-p2c-zip] is never undone, and nothing is decrypted: what would expand %s',
      async (_size, deflate, code) => {
        const token = compressed(deflate());
        const inflate = jest.spyOn(globalThis, 'DecompressionStream');
        const operations = watchKeyOperations(api);
        await expect(api.verifier.verify(token)).rejects.toMatchObject({ code });
        await expect(
          api.resourceServer.authenticate({
            method: 'GET',
            url: '/orders',
            headers: { authorization: [`Bearer ${token}`] },
          }),
        ).rejects.toMatchObject({ code, status: 401 });
        expect(inflate).not.toHaveBeenCalled();
        expect(operations()).toBe(0);
      },
    );

    it('[rfc8725bis-3.15-decompression] is refused over HTTP', async () => {
      await expectInvalidToken(
        api,
        compressed(deflateRawSync(Buffer.alloc(300_000))),
        'token.decryption-failed',
      );
    });
  });

  describe('what else is off', () => {
    it.each(['RSA1_5', 'A128GCMKW', 'none', 'constructor', 'toString'])(
      '[attack-18-jwe-resource-use-p2c-zip] cannot be set up: alg %s',
      (alg) => {
        const start = () =>
          createAccessTokenVerifier({
            issuer: api.builder.issuer,
            audience: api.builder.audience,
            keys: api.builder.jwks,
            decryptionKeys: [{ key: api.keys.rsa, alg: alg as KeyManagementAlgorithm, enc: 'A256GCM' }],
          });
        expect(start).toThrow(SetupError);
        expect(start).toThrow('decryptionKeys[0].alg: the algorithm is not offered.');
      },
    );

    it('[attack-18-jwe-resource-use-p2c-zip] a token in an envelope still has to be signed', async () => {
      await expectInvalidToken(
        api,
        await api.encrypt(JSON.stringify(api.builder.claims())),
        'token.decryption-failed',
      );
      const other = await generateJwk('P-256', { alg: 'ES256', kid: 'k1' });
      await expectInvalidToken(
        api,
        await api.encrypt(api.builder.accessToken({}, { key: other })),
        'token.decryption-failed',
      );
      await expectAccepted(api, await api.encrypt(inner()));
    });

    it('finds the key of an envelope that names none by its algorithms', async () => {
      for (const name of ['rsa', 'ec', 'wrapping', 'direct', 'cbc'] as const) {
        await expectAccepted(api, await api.encrypt(inner(), { name, header: { kid: undefined } }));
      }
    });

    it('tries no more than four keys for an envelope that names none', async () => {
      const decryptionKeys = await Promise.all(
        Array.from({ length: 6 }, async () => ({
          key: await generateJwk('P-256'),
          alg: 'ECDH-ES' as const,
          enc: 'A256GCM' as const,
        })),
      );
      const many = await startEncryptedApi({ decryptionKeys });
      const encryptFor = (at: number) =>
        many.encrypt(many.builder.accessToken(), {
          name: 'ec',
          header: { kid: undefined },
          key: decryptionKeys[at]?.key as Jwk,
        });
      await expectAccepted(many, await encryptFor(3));
      const derive = jest.spyOn(subtle, 'deriveBits');
      await expect(many.verifier.verify(await encryptFor(4))).rejects.toMatchObject({
        code: 'token.decryption-failed',
      });
      // One more for making the token.
      expect(derive).toHaveBeenCalledTimes(5);
    });
  });
});
