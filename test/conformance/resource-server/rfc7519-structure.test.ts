import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  createAccessTokenVerifier,
  isAssayError,
  SetupError,
  type Algorithm,
  type AssayError,
  type KeySource,
} from '@assay/core';
import { compactJws, type JwsPart } from '@assay/testing';
import type { NextFunction, Request, Response } from 'express';
import {
  expectAccepted,
  expectInvalidToken,
  expectInvalidTokenOffTheWire,
} from '../support/expect-outcome.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 7519, structure', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(closeProtectedApis);
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const encode = (text: string) => Buffer.from(text).toString('base64url');

  describe('unsecured tokens', () => {
    const unsecured = () =>
      `${encode('{"alg":"none","typ":"at+jwt"}')}.${encode(JSON.stringify(api.builder.claims()))}`;

    it('[rfc7519-6-unsecured] are refused with an empty signature', async () => {
      await expectInvalidToken(api, `${unsecured()}.`, 'token.algorithm-refused');
    });

    it('[rfc7519-6-unsecured] are refused with a signature', async () => {
      await expectInvalidToken(api, `${unsecured()}.c2lnbmF0dXJl`, 'token.algorithm-refused');
    });

    it('[rfc7519-6-unsecured] are refused in two parts', async () => {
      await expectInvalidToken(api, unsecured(), 'token.malformed');
    });

    it.each([['none'], ['None'], ['']])(
      '[rfc7519-6-unsecured] cannot be allowed by an option: algorithms [%j]',
      (name) => {
        const { issuer, audience, jwks: keys } = api.builder;
        const start = () =>
          createAccessTokenVerifier({ issuer, audience, keys, algorithms: [name as Algorithm] });
        expect(start).toThrow(SetupError);
        expect(start).toThrow(`algorithms: ${JSON.stringify(name)} is not a supported asymmetric algorithm.`);
      },
    );
  });

  describe('the number of periods', () => {
    const parts = () => api.builder.accessToken().split('.') as [string, string, string];

    const malformed: readonly (readonly [string, () => string])[] = [
      ['no period', () => parts().join('')],
      ['one period', () => parts().slice(0, 2).join('.')],
      ['three periods', () => `${parts().join('.')}.AA`],
      ['five periods', () => `${parts().join('.')}.AA.AA.AA`],
      ['an empty header segment', () => ['', ...parts().slice(1)].join('.')],
      ['an empty payload segment', () => [parts()[0], '', parts()[2]].join('.')],
      ['a leading period', () => `.${parts().join('.')}`],
      ['a trailing period', () => `${parts().join('.')}.`],
    ];

    it.each(malformed)('[rfc7519-7.2-segments] refuses %s', async (_what, make) => {
      await expectInvalidToken(api, make(), 'token.malformed');
    });

    it.each(malformed)(
      '[rfc7519-7.2-segments] refuses %s before any JSON is parsed or key looked up',
      async (_what, make) => {
        const find = jest.fn<KeySource['find']>(() => []);
        const { issuer, audience } = api.builder;
        const keys: KeySource = { find, ready: () => Promise.resolve() };
        const verifier = createAccessTokenVerifier({ issuer, audience, keys });
        const token = make();
        const parse = jest.spyOn(JSON, 'parse');
        await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'token.malformed' });
        expect(parse).not.toHaveBeenCalled();
        expect(find).not.toHaveBeenCalled();
      },
    );
  });

  describe('the alphabet of a segment', () => {
    const characters: readonly (readonly [string, string])[] = [
      ['=', '='],
      ['+', '+'],
      ['/', '/'],
      ['%', '%'],
      ['a space', ' '],
      ['a tab', '\t'],
      ['CR', '\r'],
      ['LF', '\n'],
      ['NUL', '\0'],
      ['a letter outside ASCII', 'é'],
    ];
    const segments = ['header', 'payload', 'signature'] as const;
    const cases = segments.flatMap((segment, index) =>
      characters.flatMap(([name, character]) =>
        ['the beginning', 'the middle', 'the end'].map(
          (place) => [name, place, segment, index, character] as const,
        ),
      ),
    );

    it.each(cases)(
      '[rfc7519-7.2-base64url] refuses %s at %s of the %s',
      async (_name, place, _segment, index, character) => {
        const parts = api.builder.accessToken().split('.');
        const text = parts[index] ?? '';
        const at = { 'the beginning': 0, 'the middle': text.length >> 1, 'the end': text.length }[place] ?? 0;
        parts[index] = text.slice(0, at) + character + text.slice(at);
        await expectInvalidTokenOffTheWire(api, parts.join('.'), 'token.malformed');
      },
    );

    it.each(segments.map((segment, index) => [segment, index] as const))(
      '[rfc7519-7.2-base64url] refuses a %s whose length is one more than a multiple of four',
      async (_segment, index) => {
        const parts = api.builder.accessToken().split('.');
        const text = parts[index] ?? '';
        parts[index] = `${text}AAAA`.slice(0, text.length - (text.length % 4) + 1);
        expect((parts[index] ?? '').length % 4).toBe(1);
        await expectInvalidToken(api, parts.join('.'), 'token.malformed');
      },
    );
  });

  describe('JSON', () => {
    const spoiled: readonly (readonly [string, (json: string) => string | Buffer])[] = [
      ['followed by something', (json) => `${json}trailing`],
      ['a list', (json) => `[${json}]`],
      ['an empty list', () => '[]'],
      ['a string', () => '"x"'],
      ['null', () => 'null'],
      ['a number', () => '1'],
      ['single-quoted', (json) => json.replaceAll('"', "'")],
      ['commented', (json) => json.replace('{', '{/* */')],
      ['not a number', (json) => json.replace('{', '{"x":NaN,')],
      ['behind a byte order mark', (json) => `\ufeff${json}`],
      ['UTF-16', (json) => Buffer.from(json, 'utf16le')],
      ['UTF-16 behind a byte order mark', (json) => Buffer.from(`\ufeff${json}`, 'utf16le')],
      ['UTF-16 with the high byte first', (json) => Buffer.from(json, 'utf16le').swap16()],
      ['with a byte that UTF-8 does not have', (json) => withBytes(json, 'ff')],
      ['with half a surrogate pair', (json) => withBytes(json, 'eda080')],
    ];

    /** The object with a member more, whose value holds these bytes. */
    function withBytes(json: string, hex: string): Buffer {
      return Buffer.concat([
        Buffer.from('{"x":"'),
        Buffer.from(hex, 'hex'),
        Buffer.from(`",${json.slice(1)}`),
      ]);
    }

    const tokenWith = (header: JwsPart, payload: JwsPart) =>
      compactJws({ header, payload, key: api.builder.key });

    it.each(spoiled)('[rfc7519-7.2-json-object] refuses a header that is %s', async (_how, spoil) => {
      const header = spoil(JSON.stringify(api.builder.header()));
      await expectInvalidToken(api, tokenWith(header, api.builder.claims()), 'token.malformed');
    });

    it.each(spoiled)('[rfc7519-7.2-json-object] refuses a payload that is %s', async (_how, spoil) => {
      const payload = spoil(JSON.stringify(api.builder.claims()));
      await expectInvalidToken(api, tokenWith(api.builder.header(), payload), 'token.malformed');
    });

    it('[rfc7519-7.2-json-object] accepts the same objects as they are', async () => {
      await expectAccepted(
        api,
        tokenWith(JSON.stringify(api.builder.header()), JSON.stringify(api.builder.claims())),
      );
    });
  });

  describe('a token of which one step fails', () => {
    const markers = { sub: 'marker-subject', email: 'marker@email.example' };
    const forged = () => {
      const token = api.builder.accessToken(markers);
      const at = token.lastIndexOf('.') + 1;
      const signature = Buffer.from(token.slice(at), 'base64url');
      signature[0] = (signature[0] ?? 0) ^ 1;
      return token.slice(0, at) + signature.toString('base64url');
    };

    it('[rfc7519-7.2-no-partial] is refused as a whole', async () => {
      await expectInvalidToken(api, forged(), 'token.signature-invalid');
    });

    it('[rfc7519-7.2-no-partial] leaves no claim in the error', async () => {
      const token = forged();
      const error: unknown = await api.verifier.verify(token).catch((caught: unknown) => caught);
      expect(isAssayError(error, 'token.signature-invalid')).toBe(true);
      const { message, stack } = error as AssayError;
      const shown = [
        inspect(error, { depth: null, showHidden: true }),
        JSON.stringify(error),
        message,
        stack,
      ].join();
      expect(shown).not.toContain('marker');
      for (const segment of token.split('.')) expect(shown).not.toContain(segment);
    });

    it('[rfc7519-7.2-no-partial] leaves no claim on the request, and the route handler is not called', async () => {
      const seen: Request[] = [];
      const watched = await startProtectedApi({
        builder: api.builder,
        onFailure: 'next',
        routes: (app) => {
          app.use((_error: unknown, request: Request, response: Response, _next: NextFunction) => {
            seen.push(request);
            response.end();
          });
        },
      });
      expect((await watched.sendToken(forged())).status).toBe(401);
      expect(watched.handlerCalls()).toBe(0);
      expect(seen).toHaveLength(1);
      const [request] = seen;
      expect(request?.principal).toBeUndefined();
      expect(inspect(request, { depth: 8, showHidden: true })).not.toContain('marker');
    });
  });
});
