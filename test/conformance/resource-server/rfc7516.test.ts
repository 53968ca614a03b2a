import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AssayError } from '@assay/core';
import { compactJws } from '@assay/testing';
import { compactJwe, wrappedByAes, wrappedByRsa } from '../support/compact-jwe.js';
import { startEncryptedApi, watchKeyOperations, type EncryptedApi } from '../support/encrypted-api.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, startProtectedApi } from '../support/protected-api.js';

describe('RFC 7516, encrypted tokens', () => {
  let api: EncryptedApi;
  beforeAll(async () => {
    api = await startEncryptedApi();
  });
  afterAll(closeProtectedApis);
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const inner = () => api.builder.accessToken();

  describe('the algorithms of a key', () => {
    it.each(['rsa', 'ec', 'x25519', 'wrapping', 'direct', 'cbc'] as const)(
      '[rfc7516-4.1-alg-enc-pinned] are accepted as configured: %s',
      async (name) => {
        const operations = watchKeyOperations(api);
        await expectAccepted(api, await api.encrypt(inner(), { name }));
        expect(operations()).toBeGreaterThan(0);
      },
    );

    const others: readonly (readonly [string, Record<string, unknown>])[] = [
      ['alg RSA1_5', { alg: 'RSA1_5' }],
      ['alg RSA-OAEP', { alg: 'RSA-OAEP' }],
      ['alg dir', { alg: 'dir' }],
      ['alg ECDH-ES', { alg: 'ECDH-ES' }],
      ['alg in other letters', { alg: 'rsa-oaep-256' }],
      ['alg none', { alg: 'none' }],
      ['enc A128CBC-HS256', { enc: 'A128CBC-HS256' }],
      ['enc none', { enc: 'none' }],
      ['enc missing', { enc: undefined }],
      ['enc null', { enc: null }],
    ];

    it.each(others)(
      '[rfc7516-4.1-alg-enc-pinned] refuses %s without touching a key',
      async (_what, changes) => {
        const contentKey = randomBytes(32);
        const token = compactJwe({
          header: { ...api.header('rsa'), ...changes },
          plaintext: inner(),
          contentKey,
          encryptedKey: wrappedByRsa(api.keys.rsa, contentKey),
          enc: 'A256GCM',
        });
        const operations = watchKeyOperations(api);
        await expectInvalidToken(api, token, 'token.decryption-failed');
        expect(operations()).toBe(0);
      },
    );

    it('[rfc7516-4.1-alg-enc-pinned] refuses an unknown kid without touching a key', async () => {
      const token = await api.encrypt(inner(), { header: { kid: 'another' } });
      const operations = watchKeyOperations(api);
      await expectInvalidToken(api, token, 'token.decryption-failed');
      expect(operations()).toBe(0);
    });
  });

  describe('compression', () => {
    const compressed = (zip: unknown, plaintext: string | Uint8Array) =>
      compactJwe({
        header: { ...api.header('direct'), zip },
        plaintext,
        contentKey: api.bytesOf('direct'),
        enc: 'A256GCM',
      });

    it.each([['GZ'], ['def'], [1], ['DEF'], [''], [null], [['DEF']]])(
      '[rfc7516-4.1.3-zip] refuses zip %j before anything is decrypted, compressed or not',
      async (zip) => {
        const tokens = [compressed(zip, deflateRawSync(inner())), compressed(zip, inner())];
        const operations = watchKeyOperations(api);
        for (const token of tokens) await expectInvalidToken(api, token, 'token.decryption-failed');
        expect(operations()).toBe(0);
      },
    );

    it('[rfc7516-4.1.3-zip] accepts the same envelope without zip', async () => {
      await expectAccepted(api, compressed(undefined, inner()));
    });
  });

  describe('the encrypted key', () => {
    it.each(['direct', 'cbc', 'ec', 'x25519'] as const)(
      '[rfc7516-5.2-direct-empty-key] has to be empty where the content key is agreed or shared: %s',
      async (name) => {
        const segments = (await api.encrypt(inner(), { name })).split('.');
        expect(segments[1]).toBe('');
        for (const filled of ['AA', randomBytes(32).toString('base64url')]) {
          segments[1] = filled;
          await expectInvalidToken(api, segments.join('.'), 'token.decryption-failed');
        }
      },
    );

    it.each([
      ['half as long', 16],
      ['24 bytes', 24],
      ['twice as long', 64],
    ])('[rfc7516-5.2-direct-empty-key] refuses a wrapped content key that is %s', async (_what, length) => {
      const token = compactJwe({
        header: api.header('wrapping'),
        plaintext: inner(),
        contentKey: randomBytes(32),
        encryptedKey: wrappedByAes(api.bytesOf('wrapping'), randomBytes(length)),
        enc: 'A256GCM',
      });
      await expectInvalidToken(api, token, 'token.decryption-failed');
    });

    it('[rfc7516-5.2-direct-empty-key] accepts a wrapped content key of the exact length', async () => {
      const contentKey = randomBytes(32);
      const token = compactJwe({
        header: api.header('wrapping'),
        plaintext: inner(),
        contentKey,
        encryptedKey: wrappedByAes(api.bytesOf('wrapping'), contentKey),
        enc: 'A256GCM',
      });
      await expectAccepted(api, token);
    });
  });

  describe('the authentication tag', () => {
    const segmentNames = ['header', 'encrypted key', 'initialization vector', 'ciphertext', 'tag'] as const;
    const flipped = (token: string, index: number, byte: number) => {
      const segments = token.split('.');
      const bytes = Buffer.from(segments[index] ?? '', 'base64url');
      const at = byte < 0 ? bytes.length + byte : byte;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      segments[index] = bytes.toString('base64url');
      return segments.join('.');
    };

    const cases = (['direct', 'cbc'] as const).flatMap((name) =>
      [2, 3, 4].flatMap((index) =>
        [0, -1].map(
          (byte) => [segmentNames[index], byte === 0 ? 'first' : 'last', name, index, byte] as const,
        ),
      ),
    );

    it.each(cases)(
      '[rfc7516-5.2-tag] refuses a bit flipped in the %s, in its %s byte (%s)',
      async (_segment, _place, name, index, byte) => {
        const token = await api.encrypt(inner(), { name });
        await expectAccepted(api, token);
        await expectInvalidToken(api, flipped(token, index, byte), 'token.decryption-failed');
      },
    );

    it.each(['direct', 'cbc'] as const)(
      '[rfc7516-5.2-tag] refuses a bit flipped in the header, where it stays a good header (%s)',
      async (name) => {
        const token = await api.encrypt(inner(), { name, header: { note: 'a' } });
        await expectAccepted(api, token);
        const [header = '', ...rest] = token.split('.');
        const changed = Buffer.from(header, 'base64url').toString().replace('"note":"a"', '"note":"c"');
        const tampered = [Buffer.from(changed).toString('base64url'), ...rest].join('.');
        expect(tampered).not.toBe(token);
        await expectInvalidToken(api, tampered, 'token.decryption-failed');
      },
    );

    it('[rfc7516-5.2-tag] refuses a bit flipped in the encrypted key', async () => {
      const token = await api.encrypt(inner(), { name: 'rsa' });
      await expectInvalidToken(api, flipped(token, 1, -1), 'token.decryption-failed');
    });

    it.each([
      ['direct', 8],
      ['direct', 12],
      ['direct', 15],
      ['direct', 0],
      ['cbc', 8],
      ['cbc', 0],
    ] as const)('[rfc7516-5.2-tag] refuses a tag cut short (%s, %d bytes)', async (name, length) => {
      const segments = (await api.encrypt(inner(), { name })).split('.');
      segments[4] = Buffer.from(segments[4] ?? '', 'base64url')
        .subarray(0, length)
        .toString('base64url');
      await expectInvalidToken(api, segments.join('.'), 'token.decryption-failed');
    });

    it('[rfc7516-5.2-tag] leaves no plaintext in the error, its causes, the answer or the log', async () => {
      const written: string[] = [];
      for (const stream of [process.stdout, process.stderr]) {
        jest.spyOn(stream, 'write').mockImplementation((chunk) => {
          written.push(String(chunk));
          return true;
        });
      }
      const marker = 'marker-subject';
      const claims = api.builder.accessToken({ sub: marker });
      const token = flipped(await api.encrypt(claims, { name: 'direct' }), 4, 0);
      const error: unknown = await api.verifier.verify(token).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AssayError);
      const answer = await api.sendToken(token);
      jest.restoreAllMocks();
      const shown = [inspect(error, { depth: null, showHidden: true }), JSON.stringify(error), answer.text];
      const everything = [...shown, ...written].join('\n');
      const secrets = [marker, ...claims.split('.'), ...token.split('.')].filter((text) => text !== '');
      expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
    });
  });

  describe('the spelling of an envelope', () => {
    const spoilt: readonly (readonly [string, (segment: string) => string])[] = [
      ['padded', (segment) => `${segment}=`],
      ['with white space', (segment) => `${segment.slice(0, 2)} ${segment.slice(2)}`],
      ['in the other alphabet', (segment) => `${segment.slice(0, -4)}+/+/`],
      ['with bits left over', (segment) => `${segment.slice(0, segment.length - (segment.length % 4))}AB`],
    ];

    it.each(spoilt.flatMap(([what, spoil]) => [2, 3, 4].map((index) => [what, index, spoil] as const)))(
      'refuses a segment %s (segment %d) without touching a key',
      async (_what, index, spoil) => {
        const segments = (await api.encrypt(inner(), { name: 'direct' })).split('.');
        segments[index] = spoil(segments[index] ?? '');
        const operations = watchKeyOperations(api);
        await expect(api.verifier.verify(segments.join('.'))).rejects.toMatchObject({
          code: 'token.decryption-failed',
        });
        expect(operations()).toBe(0);
      },
    );
  });

  describe('the two kinds', () => {
    it('[rfc7516-9-kind] refuses five parts where nothing can be decrypted', async () => {
      const signedOnly = await startProtectedApi({ builder: api.builder, clock: api.clock });
      const token = await api.encrypt(inner());
      const operations = watchKeyOperations(api);
      await expectInvalidToken(signedOnly, token, 'token.malformed');
      expect(operations()).toBe(0);
    });

    it('[rfc7516-9-kind] refuses three parts whose header has enc', async () => {
      const token = api.builder.accessToken({}, { header: { enc: 'A256GCM' } });
      const operations = watchKeyOperations(api);
      await expectInvalidToken(api, token, 'token.malformed');
      expect(operations()).toBe(0);
    });

    it('[rfc7516-9-kind] refuses five parts with the alg of a signature', async () => {
      const token = compactJwe({
        header: { ...api.header('direct'), alg: 'ES256' },
        plaintext: inner(),
        contentKey: api.bytesOf('direct'),
        enc: 'A256GCM',
      });
      const operations = watchKeyOperations(api);
      await expectInvalidToken(api, token, 'token.decryption-failed');
      expect(operations()).toBe(0);
    });
  });

  describe('every failure', () => {
    const sealed = (plaintext: string, name: 'direct' | 'cbc' = 'direct') =>
      compactJwe({
        header: api.header(name),
        plaintext,
        contentKey: api.bytesOf(name),
        enc: name === 'cbc' ? 'A128CBC-HS256' : 'A256GCM',
      });

    const failing: readonly (readonly [string, () => string | Promise<string>])[] = [
      [
        'the wrong key',
        async () => api.encrypt(inner(), { key: await generateJwk('RSA 2048'), header: { kid: 'rsa' } }),
      ],
      [
        'bad padding under a good tag',
        () =>
          compactJwe({
            header: api.header('cbc'),
            plaintext: Buffer.alloc(32, 'x'),
            padding: Buffer.alloc(16, 0x00),
            contentKey: api.bytesOf('cbc'),
            enc: 'A128CBC-HS256',
          }),
      ],
      [
        'the wrong key length',
        () =>
          compactJwe({
            header: api.header('wrapping'),
            plaintext: inner(),
            contentKey: randomBytes(32),
            encryptedKey: wrappedByAes(api.bytesOf('wrapping'), randomBytes(16)),
            enc: 'A256GCM',
          }),
      ],
      [
        'a bad tag',
        () => {
          const token = sealed(inner());
          return `${token.slice(0, -6)}AAAAAA`;
        },
      ],
      ['no token inside', () => sealed('plain text')],
      ['an inner token that is cut short', () => sealed(inner().slice(0, -10))],
      [
        'an inner token by an unknown issuer',
        () => sealed(api.builder.accessToken({ iss: 'https://x.example' })),
      ],
      [
        'an inner token by an unknown key',
        () => sealed(api.builder.accessToken({}, { header: { kid: 'k9' } })),
      ],
      [
        'an inner token that is not signed',
        () => sealed(api.builder.accessToken({}, { header: { alg: 'none' } })),
      ],
      [
        'an inner token with a broken signature',
        async () => {
          const other = await generateJwk('P-256', { alg: 'ES256' });
          return sealed(
            compactJws({ header: api.builder.header(), payload: api.builder.claims(), key: other }),
            'cbc',
          );
        },
      ],
    ];

    it.each(failing)('[rfc7516-11.4-single-error] looks the same: %s', async (_what, make) => {
      const reference = `${(await api.encrypt(inner())).slice(0, -6)}AAAAAA`;
      const token = await make();
      await expectInvalidToken(api, token, 'token.decryption-failed');
      const [expected, answer] = [await api.sendToken(reference), await api.sendToken(token)];
      const shown = ({ status, headers, body }: typeof answer) => ({
        status,
        body,
        headers: { ...headers, date: undefined },
      });
      expect(shown(answer)).toEqual(shown(expected));
    });

    it('[rfc7516-11.4-single-error] keeps the difference for the record', async () => {
      const error: unknown = await api.verifier
        .verify(sealed(api.builder.accessToken({ iss: 'https://x.example' })))
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'token.decryption-failed',
        cause: { code: 'token.issuer-unknown', claim: 'iss' },
      });
      const appraisal = await api.verifier.appraise(sealed('plain text'));
      const verdicts = appraisal.lines.map(({ verdict, code }) => [verdict, code]);
      expect(verdicts.slice(0, 2)).toEqual([
        ['satisfied', undefined],
        ['rejected', 'token.malformed'],
      ]);
    });

    it('is told apart in an appraisal from what never came out of its envelope', async () => {
      const appraisal = await api.verifier.appraise(
        await api.encrypt(inner(), { header: { cty: undefined } }),
      );
      expect(appraisal.lines[0]).toMatchObject({
        verdict: 'rejected',
        code: 'token.decryption-failed',
        claim: 'cty',
      });
      expect(appraisal.lines[1]).toMatchObject({ verdict: 'not reached' });
    });
  });
});
