import { createPrivateKey, createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createAccessTokenVerifier,
  createResourceServer,
  SetupError,
  type IssuerOptions,
  type MacAlgorithm,
} from '@assay/core';
import { compactJws } from '@assay/testing';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { macToken } from '../support/mac-token.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

const hashes = [
  ['HS256', 'sha256', 32],
  ['HS384', 'sha384', 48],
  ['HS512', 'sha512', 64],
] as const;

describe('shared secrets', () => {
  const secret = randomBytes(64);
  let api: ProtectedApi;

  /** An API whose one issuer shares a secret with it. */
  function sharing(secretAndAlgorithms: Pick<IssuerOptions, 'sharedSecret' | 'algorithms'>) {
    const { builder, clock } = api;
    return startProtectedApi({
      builder,
      clock,
      settings: { issuer: [{ issuer: builder.issuer, ...secretAndAlgorithms }] },
    });
  }

  const tokenBy = (
    bytes: Uint8Array,
    header: Record<string, unknown> = {},
    digest: 'sha256' | 'sha384' | 'sha512' = 'sha256',
  ) =>
    macToken({
      header: { alg: 'HS256', typ: 'at+jwt', ...header },
      claims: api.builder.claims(),
      secret: bytes,
      digest,
    });

  let hs256: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
    hs256 = await sharing({ sharedSecret: secret.subarray(0, 32), algorithms: ['HS256'] });
  });
  afterAll(closeProtectedApis);

  describe('the algorithms', () => {
    it.each(hashes)(
      '[rfc7519-8-mti-algs] accepts %s where it is configured with an adequate key',
      async (alg, digest, bytes) => {
        const key = secret.subarray(0, bytes);
        const sharingApi = await sharing({ sharedSecret: key, algorithms: [alg] });
        await expectAccepted(sharingApi, tokenBy(key, { alg }, digest));
      },
    );

    it('[rfc7519-8-mti-algs] refuses HS256 where it is not configured', async () => {
      await expectInvalidToken(api, tokenBy(secret.subarray(0, 32)), 'token.algorithm-refused');
    });

    it.each([
      ['with an empty signature', 'none', () => ''],
      ['with a signature', 'none', () => 'AAAA'],
      ['with a MAC', 'none', (token: string) => token.slice(token.lastIndexOf('.') + 1)],
      ['in other letters', 'None', () => ''],
    ])('[rfc7519-8-mti-algs] refuses none, %s', async (_how, alg, signature) => {
      const token = tokenBy(secret.subarray(0, 32), { alg });
      const unsigned = token.slice(0, token.lastIndexOf('.') + 1) + signature(token);
      await expectInvalidToken(hs256, unsigned, 'token.algorithm-refused');
    });

    it('[rfc7519-8-mti-algs] cannot be told to accept none', () => {
      const start = () =>
        createAccessTokenVerifier({
          issuer: api.builder.issuer,
          audience: api.builder.audience,
          sharedSecret: secret,
          algorithms: ['none' as never],
        });
      expect(start).toThrow(SetupError);
      expect(start).toThrow('algorithms: it does not name the algorithms of sharedSecret, and those alone.');
    });

    it.each(['HS384', 'HS512'] as const)(
      'refuses %s where HS256 alone is configured, though the secret is long enough',
      async (alg) => {
        const long = await sharing({ sharedSecret: secret, algorithms: ['HS256'] });
        const digest = alg === 'HS384' ? 'sha384' : 'sha512';
        await expectInvalidToken(long, tokenBy(secret, { alg }, digest), 'token.algorithm-refused');
        await expectAccepted(long, tokenBy(secret));
      },
    );

    it('verifies each of several that are configured by its own hash', async () => {
      const both = await sharing({ sharedSecret: secret, algorithms: ['HS256', 'HS512'] });
      await expectAccepted(both, tokenBy(secret));
      await expectAccepted(both, tokenBy(secret, { alg: 'HS512' }, 'sha512'));
      await expectInvalidToken(both, tokenBy(secret, { alg: 'HS512' }, 'sha256'), 'token.signature-invalid');
    });

    it('refuses a signature, even by a good key, where a secret is configured', async () => {
      await expectInvalidToken(hs256, api.builder.accessToken(), 'token.algorithm-refused');
      const header = { ...api.builder.header(), alg: 'HS256' };
      const token = compactJws({ header, payload: api.builder.claims(), key: api.builder.key });
      await expectInvalidToken(hs256, token, 'token.signature-invalid');
    });
  });

  describe('the size of the key', () => {
    const setUp = (sharedSecret: unknown, algorithms: readonly MacAlgorithm[]) => () =>
      createResourceServer({
        issuer: [{ issuer: api.builder.issuer, sharedSecret: sharedSecret as Uint8Array, algorithms }],
        audience: api.builder.audience,
      });

    it.each(hashes)(
      '[rfc7518-3.2-hmac-key-size] has to be that of the hash: %s refuses one byte less',
      (alg, _digest, bytes) => {
        const short = randomBytes(bytes - 1);
        const jwk = { kty: 'oct', k: short.toString('base64url') };
        for (const form of [short, createSecretKey(short), jwk]) {
          expect(setUp(form, [alg])).toThrow(SetupError);
          expect(setUp(form, [alg])).toThrow(
            `issuer[0].sharedSecret: it is shorter than the ${String(bytes)} bytes that ${alg} needs.`,
          );
        }
      },
    );

    it.each(hashes)(
      '[rfc7518-3.2-hmac-key-size] has to be that of the hash: %s takes exactly as much, and more',
      async (alg, digest, bytes) => {
        for (const length of [bytes, bytes + 1, 200]) {
          const exact = randomBytes(length);
          const sharingApi = await sharing({ sharedSecret: exact, algorithms: [alg] });
          await expectAccepted(sharingApi, tokenBy(exact, { alg }, digest));
        }
      },
    );

    it('[rfc7518-3.2-hmac-key-size] has to be enough for every algorithm that is named', () => {
      expect(setUp(secret.subarray(0, 63), ['HS256', 'HS512'])).toThrow(
        'it is shorter than the 64 bytes that HS512 needs',
      );
    });

    it.each(['correct horse battery staple', 'x'.repeat(200), randomBytes(64).toString('base64'), ''])(
      '[rfc7518-3.2-hmac-key-size] is not that of a text: %j',
      (text) => {
        expect(setUp(text, ['HS256'])).toThrow(SetupError);
        expect(setUp(text, ['HS256'])).toThrow(
          'issuer[0].sharedSecret: it is a text, as people make them up and others guess them. Give random bytes',
        );
      },
    );

    it.each([
      ['null', null],
      ['a number', 7],
      ['an empty object', {}],
      ['a list of bytes', [...randomBytes(32)]],
      ['an oct JWK without k', { kty: 'oct' }],
      ['an oct JWK whose k is not base64url', { kty: 'oct', k: randomBytes(48).toString('base64') + '=' }],
      ['a public JWK', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    ])('cannot be found out of %s', (_what, given) => {
      expect(setUp(given, ['HS256'])).toThrow(
        'issuer[0].sharedSecret: it is neither bytes nor a secret KeyObject nor an oct JWK',
      );
    });

    it('cannot be that of a public or private key', () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      expect(setUp(createPrivateKey(privateKey), ['HS256'])).toThrow('it is not a secret key');
      expect(setUp(publicKey, ['HS256'])).toThrow('it is a text');
    });
  });

  describe('the comparison', () => {
    const cut = (length: number) => {
      const token = tokenBy(secret.subarray(0, 32));
      const at = token.lastIndexOf('.') + 1;
      const mac = Buffer.from(token.slice(at), 'base64url');
      const bytes = Buffer.concat([mac, Buffer.alloc(64)]).subarray(0, length);
      return token.slice(0, at) + bytes.toString('base64url');
    };

    it.each([0, 1, 16, 31, 33, 64])(
      '[rfc7518-3.2-constant-time] refuses a MAC of %d bytes, without an exception of its own',
      async (length) => {
        await expectInvalidToken(hs256, cut(length), 'token.signature-invalid');
      },
    );

    it.each([0, 15, 31])(
      '[rfc7518-3.2-constant-time] refuses a MAC of 32 bytes whose byte %d is wrong',
      async (wrong) => {
        const token = tokenBy(secret.subarray(0, 32));
        const at = token.lastIndexOf('.') + 1;
        const mac = Buffer.from(token.slice(at), 'base64url');
        mac[wrong] = (mac[wrong] ?? 0) ^ 0x80;
        const forged = token.slice(0, at) + mac.toString('base64url');
        await expectInvalidToken(hs256, forged, 'token.signature-invalid');
      },
    );

    it('[rfc7518-3.2-constant-time] accepts the right 32 bytes', async () => {
      expect(cut(32)).toHaveLength(tokenBy(secret.subarray(0, 32)).length);
      await expectAccepted(hs256, cut(32));
    });
  });

  describe('beside other keys', () => {
    const { issuer, audience } = { issuer: 'https://as.example', audience: 'https://api.example' };
    const algorithms = ['HS256'] as const;
    const sharedSecret = secret;

    it.each<readonly [string, object, string]>([
      [
        'keys',
        { keys: { keys: [] } },
        'issuer[0].sharedSecret: it stands beside keys, and a secret must never meet a public key.',
      ],
      [
        'the URL of a key set',
        { keys: { jwksUri: 'https://as.example/jwks' } },
        'issuer[0].sharedSecret: it stands beside keys, and a secret must never meet a public key.',
      ],
      [
        'a setting of discovery',
        { requireConsistentMetadata: true },
        'issuer[0].sharedSecret: it stands beside requireConsistentMetadata, and a secret must never meet a public key.',
      ],
      [
        'an asymmetric algorithm',
        { algorithms: ['HS256', 'RS256'] },
        'issuer[0].algorithms: it does not name the algorithms of sharedSecret, and those alone.',
      ],
      [
        'no algorithm',
        { algorithms: undefined },
        'issuer[0].algorithms: it does not name the algorithms of sharedSecret, and those alone.',
      ],
      [
        'an empty list of algorithms',
        { algorithms: [] },
        'issuer[0].algorithms: it does not name the algorithms of sharedSecret, and those alone.',
      ],
      [
        'an algorithm that is no list',
        { algorithms: 'HS256' },
        'issuer[0].algorithms: it does not name the algorithms of sharedSecret, and those alone.',
      ],
    ])('is refused at start-up: %s', (_what, beside, message) => {
      const start = () =>
        createResourceServer({ audience, issuer: [{ issuer, sharedSecret, algorithms, ...beside }] });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(message);
    });

    it.each<readonly [string, object]>([
      ['keys', { keys: { keys: [] } }],
      ['discovery', {}],
    ])('is missing at start-up where a MAC is named with %s alone', (_what, beside) => {
      const start = () => createResourceServer({ audience, issuer: [{ issuer, algorithms, ...beside }] });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(
        'issuer[0].algorithms: HS256 is not a supported asymmetric algorithm, and there is no secret for it. ' +
          'Name asymmetric algorithms, or give the sharedSecret of the issuer.',
      );
    });

    it('cannot be shared by a list of issuers, who could then speak for each other', () => {
      expect(() =>
        createResourceServer({ audience, issuer: [{ issuer }], sharedSecret, algorithms }),
      ).toThrow('sharedSecret: sharedSecret stands beside a list of issuers');
    });

    it('may be that of a single issuer, and neither fetches keys nor discovers any', async () => {
      const fetched: string[] = [];
      const verifier = createAccessTokenVerifier({
        issuer,
        audience,
        sharedSecret,
        algorithms,
        clock: api.clock,
        fetch: (url) => {
          fetched.push(url);
          return Promise.reject(new Error('no network'));
        },
      });
      await verifier.ready();
      await expect(verifier.verify(tokenBy(secret))).resolves.toMatchObject({ issuer });
      expect(fetched).toEqual([]);
    });
  });

  describe('an oct JWK', () => {
    const k = secret.toString('base64url');

    it.each<readonly [string, object, string]>([
      ['use enc', { use: 'enc' }, 'the use of the JWK is not sig'],
      ['another alg', { alg: 'HS512' }, 'the alg of the JWK is not the one that is named in algorithms'],
      ['a kid that is no text', { kid: 7 }, 'the kid of the JWK is not a string'],
    ])('is refused with %s', (_what, members, problem) => {
      const start = () =>
        createAccessTokenVerifier({
          issuer: 'https://as.example',
          audience: 'https://api.example',
          sharedSecret: { kty: 'oct', k, ...members },
          algorithms: ['HS256'],
        });
      expect(start).toThrow(SetupError);
      expect(start).toThrow(`sharedSecret: ${problem}`);
      expect(start).not.toThrow(k);
    });

    it('serves tokens that carry its kid or none', async () => {
      const named = await sharing({
        sharedSecret: { kty: 'oct', k, kid: 's1', alg: 'HS256', use: 'sig' },
        algorithms: ['HS256'],
      });
      await expectAccepted(named, tokenBy(secret, { kid: 's1' }));
      await expectAccepted(named, tokenBy(secret));
      await expectInvalidToken(named, tokenBy(secret, { kid: 'S1' }), 'token.key-unknown');
    });
  });
});
