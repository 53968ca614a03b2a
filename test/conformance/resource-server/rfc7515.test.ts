import {
  createHash,
  createPrivateKey,
  createSign,
  privateEncrypt,
  constants,
  type JsonWebKey,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Jwk } from '@assay/core';
import { compactJws, publicJwk, type JwsPart } from '@assay/testing';
import { compactJwe } from '../support/compact-jwe.js';
import { startEncryptedApi, watchKeyOperations, type EncryptedApi } from '../support/encrypted-api.js';
import { expectAccepted, expectInvalidToken } from '../support/expect-outcome.js';
import { generateJwk } from '../support/generate-jwk.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 7515, signed tokens', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);

  /** Signed as ES256 over exactly this header, whatever it says. */
  const signed = (header: JwsPart, payload: JwsPart = api.builder.claims()) =>
    compactJws({ header, payload, key: api.builder.key });

  describe('the spelling of a segment', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

    // 64 bytes of signature leave four bits of the last character unused.
    it.each(Array.from({ length: 15 }, (_, index) => index + 1))(
      '[rfc7515-2-canonical-base64url] refuses a signature whose unused bits say %d',
      async (bits) => {
        const token = api.builder.accessToken();
        const last = alphabet.indexOf(token.slice(-1));
        expect(last % 16).toBe(0);
        const spelt = token.slice(0, -1) + alphabet.charAt(last + bits);
        const signatureOf = (text: string) => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url');
        expect(signatureOf(spelt)).toEqual(signatureOf(token));
        await expectInvalidToken(api, spelt, 'token.malformed');
        await expectAccepted(api, token);
      },
    );

    it.each(['header', 'payload'] as const)(
      'refuses a %s whose unused bits are not zero, though the signature covers them',
      async (name) => {
        for (let spaces = 0; spaces < 3; spaces++) {
          const json = JSON.stringify(name === 'header' ? api.builder.header() : api.builder.claims());
          const segment = Buffer.from(`${json}${' '.repeat(spaces)}`).toString('base64url');
          if (segment.length % 4 === 0) continue;
          const spelt = segment.slice(0, -1) + alphabet.charAt(alphabet.indexOf(segment.slice(-1)) + 1);
          const parts = api.builder.accessToken().split('.');
          parts[name === 'header' ? 0 : 1] = spelt;
          const input = parts.slice(0, 2).join('.');
          const signer = createSign('sha256').update(input);
          const key = createPrivateKey({ key: api.builder.key as JsonWebKey, format: 'jwk' });
          const signature = signer.sign({ key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
          await expectInvalidToken(api, `${input}.${signature}`, 'token.malformed');
        }
      },
    );
  });

  describe('header parameters', () => {
    it.each([
      ['alg, none first', '{"alg":"none","typ":"at+jwt","alg":"ES256"}'],
      ['alg, none last', '{"alg":"ES256","typ":"at+jwt","alg":"none"}'],
      ['alg, the same value', '{"alg":"ES256","typ":"at+jwt","alg":"ES256"}'],
      ['alg, spelt with an escape', '{"alg":"ES256","typ":"at+jwt","\\u0061lg":"ES256"}'],
      ['typ', '{"typ":"JWT","alg":"ES256","typ":"at+jwt"}'],
      ['kid', '{"kid":"k1","alg":"ES256","typ":"at+jwt","kid":"k1"}'],
      ['a member that nobody knows', '{"x":1,"alg":"ES256","typ":"at+jwt","x":2}'],
      ['a member of a member', '{"alg":"ES256","typ":"at+jwt","x":{"y":1,"y":1}}'],
    ])('[rfc7515-4-dup-header] are refused when they come twice: %s', async (_what, header) => {
      await expectInvalidToken(api, signed(header), 'token.duplicate-member');
    });

    it('[rfc7515-4-dup-header] are accepted once', async () => {
      await expectAccepted(api, signed('{"alg":"ES256","typ":"at+jwt","kid":"k1","x":{"y":1}}'));
    });
  });

  describe('alg', () => {
    it.each([
      ['missing', '{"typ":"at+jwt"}', 'token.malformed'],
      ['null', '{"typ":"at+jwt","alg":null}', 'token.malformed'],
      ['256', '{"typ":"at+jwt","alg":256}', 'token.malformed'],
      ['["ES256"]', '{"typ":"at+jwt","alg":["ES256"]}', 'token.malformed'],
      ['"es256"', '{"typ":"at+jwt","alg":"es256"}', 'token.algorithm-refused'],
      ['"ES256 "', '{"typ":"at+jwt","alg":"ES256 "}', 'token.algorithm-refused'],
      ['"noNE"', '{"typ":"at+jwt","alg":"noNE"}', 'token.algorithm-refused'],
      ['"XS999"', '{"typ":"at+jwt","alg":"XS999"}', 'token.algorithm-refused'],
      ['""', '{"typ":"at+jwt","alg":""}', 'token.algorithm-refused'],
      ['"toString"', '{"typ":"at+jwt","alg":"toString"}', 'token.algorithm-refused'],
      ['"ES256" under the name Alg', '{"typ":"at+jwt","Alg":"ES256"}', 'token.malformed'],
    ] as const)('[rfc7515-4.1.1-alg] is refused: %s', async (_what, header, code) => {
      await expectInvalidToken(api, signed(header), code);
    });

    it.each(['{"typ":"at+jwt","\\u0061lg":"ES256"}', '{"typ":"at+jwt","alg":"\\u0045S256"}'])(
      '[rfc7515-4.1.1-alg] is the same name and value with its escapes undone: %s',
      async (header) => {
        await expectAccepted(api, signed(header));
      },
    );
  });

  describe('typ', () => {
    const typed = (typ: unknown) => api.builder.accessToken({}, { header: { typ } });

    it.each(['at+jwt', 'at+JWT', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])(
      '[rfc7515-4.1.9-typ-normalise] is the expected one: %j',
      async (typ) => {
        await expectAccepted(api, typed(typ));
      },
    );

    it.each([
      'at+jwt ',
      ' at+jwt',
      'text/at+jwt',
      'application/application/at+jwt',
      1,
      '/at+jwt',
      'application/',
      'at+jwt; charset=utf-8',
    ])('[rfc7515-4.1.9-typ-normalise] is another one: %j', async (typ) => {
      await expectInvalidToken(api, typed(typ), 'token.type-mismatch');
    });
  });

  describe('crit', () => {
    let encrypted: EncryptedApi;
    beforeAll(async () => {
      encrypted = await startEncryptedApi();
    });

    const critical: readonly (readonly [string, Record<string, unknown>])[] = [
      ['exp', { crit: ['exp'], exp: 1_363_284_000 }],
      ['exp that lies ahead', { crit: ['exp'], exp: 4_000_000_000 }],
      ['an extension of a vendor', { crit: ['http://vendor.example/x'], 'http://vendor.example/x': true }],
    ];

    it.each(critical)(
      '[rfc7515-4.1.11-crit-unknown] is not understood in a JWS: %s',
      async (_what, header) => {
        await expectInvalidToken(api, api.builder.accessToken({}, { header }), 'token.critical-unknown');
      },
    );

    it.each(critical)(
      '[rfc7515-4.1.11-crit-unknown] is not understood in a JWE: %s',
      async (_what, header) => {
        const token = compactJwe({
          header: { ...encrypted.header('direct'), ...header },
          plaintext: encrypted.builder.accessToken(),
          contentKey: encrypted.bytesOf('direct'),
          enc: 'A256GCM',
        });
        const operations = watchKeyOperations(encrypted);
        await expectInvalidToken(encrypted, token, 'token.decryption-failed');
        expect(operations()).toBe(0);
        await expect(encrypted.verifier.verify(token)).rejects.toMatchObject({ claim: 'crit' });
      },
    );

    it.each(critical)(
      '[rfc7515-4.1.11-crit-unknown] lets the same members pass where nothing says that they are critical: %s',
      async (_what, header) => {
        await expectAccepted(api, api.builder.accessToken({}, { header: { ...header, crit: undefined } }));
      },
    );

    it.each([
      ['[]', []],
      ['"exp"', 'exp'],
      ['{}', {}],
      ['[1]', [1]],
      ['["alg"]', ['alg']],
      ['["b64","b64"]', ['b64', 'b64']],
      ['["absent"]', ['absent']],
      ['null', null],
      ['[""]', ['']],
      ['[["exp"]]', [['exp']]],
      ['false', false],
    ])('[rfc7515-4.1.11-crit-malformed] is never as good as absent: %s', async (_what, crit) => {
      await expectInvalidToken(
        api,
        api.builder.accessToken({}, { header: { crit } }),
        'token.critical-unknown',
      );
    });

    it('[rfc7515-4.1.11-crit-malformed] may be absent', async () => {
      await expectAccepted(api, api.builder.accessToken());
    });
  });

  describe('the signing input', () => {
    const odd = '{ "typ" : "\\u0061t+jwt",\n\t"kid":"k1" , "alg"  :"ES\\u003256" }';

    it('[rfc7515-5.2-signing-input] is what was received, however it is written', async () => {
      await expectAccepted(api, signed(odd, `\n${JSON.stringify(api.builder.claims(), null, 2)}\n`));
    });

    it('[rfc7515-5.2-signing-input] is not what somebody makes of it', async () => {
      const [, payload = '', signature = ''] = signed(odd).split('.');
      const rewritten = Buffer.from(JSON.stringify(JSON.parse(odd))).toString('base64url');
      const token = `${rewritten}.${payload}.${signature}`;
      await expectInvalidToken(api, token, 'token.signature-invalid');
    });

    it('[rfc7515-5.2-signing-input] covers the payload as it was received as well', async () => {
      const spaced = JSON.stringify(api.builder.claims(), null, 1);
      const [header = '', , signature = ''] = signed(api.builder.header(), spaced).split('.');
      const rewritten = Buffer.from(JSON.stringify(JSON.parse(spaced))).toString('base64url');
      await expectInvalidToken(api, `${header}.${rewritten}.${signature}`, 'token.signature-invalid');
    });
  });

  describe('unencoded payloads', () => {
    const unencoded = (header: Record<string, unknown>) => {
      const segment = Buffer.from(JSON.stringify({ ...api.builder.header(), ...header })).toString(
        'base64url',
      );
      const payload = JSON.stringify(api.builder.claims());
      const key = createPrivateKey({ key: api.builder.key as JsonWebKey, format: 'jwk' });
      const signature = createSign('sha256')
        .update(`${segment}.${payload}`)
        .sign({ key, dsaEncoding: 'ieee-p1363' });
      // What is sent has to be a token68, so that the payload goes encoded; the signature is over the raw one.
      return `${segment}.${Buffer.from(payload).toString('base64url')}.${signature.toString('base64url')}`;
    };

    it.each([
      ['b64 false and crit', { b64: false, crit: ['b64'] }],
      ['b64 false without crit', { b64: false }],
      ['b64 "false" as a text', { b64: 'false' }],
      ['b64 true', { b64: true }],
      ['b64 true and crit', { b64: true, crit: ['b64'] }],
      ['b64 null', { b64: null }],
    ])('[rfc7797-7-b64-false] are refused: %s', async (_what, header) => {
      await expectInvalidToken(api, unencoded(header), 'token.critical-unknown');
      await expectInvalidToken(api, api.builder.accessToken({}, { header }), 'token.critical-unknown');
    });
  });

  describe('the digest of RSASSA-PKCS1-v1_5', () => {
    let key: Jwk;
    let rsa: ProtectedApi;
    beforeAll(async () => {
      key = await generateJwk('RSA 2048', { alg: 'RS256', kid: 'rsa' });
      rsa = await startProtectedApi({ settings: { keys: { keys: [publicJwk(key)] } } });
    });

    const input = () => {
      const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
      return `${encode({ alg: 'RS256', typ: 'at+jwt', kid: 'rsa' })}.${encode(rsa.builder.claims())}`;
    };
    const privateKey = () => createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
    const token = (sign: (bytes: string) => Buffer) => {
      const bytes = input();
      return `${bytes}.${sign(bytes).toString('base64url')}`;
    };

    it.each(['sha1', 'sha384', 'sha512', 'md5', 'sha512-256'])(
      '[rfc7515-10.6-pkcs1-digest] is not another than alg implies: %s',
      async (digest) => {
        const forged = token((bytes) => createSign(digest).update(bytes).sign(privateKey()));
        await expectInvalidToken(rsa, forged, 'token.signature-invalid');
      },
    );

    it('[rfc7515-10.6-pkcs1-digest] is accepted where it is the one that alg implies', async () => {
      await expectAccepted(
        rsa,
        token((bytes) => createSign('sha256').update(bytes).sign(privateKey())),
      );
    });

    const sha256Prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const sha512Prefix = Buffer.from('3051300d060960864801650304020305000440', 'hex');
    const withoutNull = Buffer.from('302f300b0609608648016503040201' + '0420', 'hex');
    const block = (prefix: Buffer, hash: Buffer, after = Buffer.alloc(0)) => {
      const end = Buffer.concat([Buffer.alloc(1), prefix, hash, after]);
      return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - 2 - end.length, 0xff), end]);
    };
    const sha256 = (bytes: string) => createHash('sha256').update(bytes).digest();
    const raw = (padded: Buffer) =>
      privateEncrypt({ key: privateKey(), padding: constants.RSA_NO_PADDING }, padded);

    it('takes a block that is built by hand as it should be', async () => {
      await expectAccepted(
        rsa,
        token((bytes) => raw(block(sha256Prefix, sha256(bytes)))),
      );
    });

    it.each([
      ['the name of SHA-512 before a SHA-256 hash', (hash: Buffer) => block(sha512Prefix, hash)],
      ['no name of a digest', (hash: Buffer) => block(Buffer.alloc(0), hash)],
      ['a name without its parameters', (hash: Buffer) => block(withoutNull, hash)],
      ['something behind the hash', (hash: Buffer) => block(sha256Prefix, hash, Buffer.alloc(16, 1))],
      [
        'short padding, and the rest behind the hash',
        (hash: Buffer) => {
          const start = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.alloc(1)]);
          const filled = Buffer.concat([start, sha256Prefix, hash]);
          return Buffer.concat([filled, Buffer.alloc(256 - filled.length, 1)]);
        },
      ],
    ])('refuses a block with %s', async (_what, build) => {
      const forged = token((bytes) => raw(build(sha256(bytes))));
      await expectInvalidToken(rsa, forged, 'token.signature-invalid');
    });
  });
});
