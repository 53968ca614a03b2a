import { createPrivateKey, sign, type JsonWebKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer, isAssayError, SetupError, type FailureCode } from '@assay/core';
import { compactJws } from '@assay/testing';
import { closeDocumentServers } from '../support/document-server.js';
import {
  expectAccepted,
  expectInvalidToken,
  expectInvalidTokenOffTheWire,
} from '../support/expect-outcome.js';
import { expectKeysUnavailable } from '../support/expect-unavailable.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';
import { startRemoteKeyApi } from '../support/remote-key-api.js';

describe('attacks by way of the text of a token', () => {
  let api: ProtectedApi;
  beforeAll(async () => {
    api = await startProtectedApi();
  });
  afterAll(async () => {
    await closeProtectedApis();
    await closeDocumentServers();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** What the resource server says of a request that it sees before any HTTP server has an opinion of its size. */
  async function refusalOf(authorization: string): Promise<{ code: FailureCode; status: number }> {
    const view = { method: 'GET', url: '/orders', headers: { authorization: [authorization] } };
    const error: unknown = await api.resourceServer.authenticate(view).catch((caught: unknown) => caught);
    if (!isAssayError(error)) throw new Error('the request was not refused', { cause: error });
    return { code: error.code, status: api.resourceServer.challenge(error).status };
  }

  describe('critical extensions', () => {
    it.each<readonly [string, Record<string, unknown>]>([
      ['unknown', { crit: ['x'], x: 1 }],
      ['none', { crit: [] }],
      ['twice', { crit: ['x', 'x'], x: 1 }],
      ['a standard name', { crit: ['alg'] }],
      ['a standard name that a JWT never has', { crit: ['b64'], b64: true }],
      ['not in the header', { crit: ['x'] }],
      ['b64 false', { crit: ['b64'], b64: false }],
      ['b64 false, and not critical', { b64: false }],
      ['no list', { crit: 'x', x: 1 }],
    ])('[attack-14-crit-ignored] are never ignored: %s', async (_what, header) => {
      await expectInvalidToken(api, api.builder.accessToken({}, { header }), 'token.critical-unknown');
    });
  });

  describe('size', () => {
    const kib = 1024;
    const bearer = (token: string) => `Bearer ${token}`;
    const padded = (name: 'header' | 'claims', length: number) =>
      name === 'header'
        ? api.builder.accessToken({}, { header: { 'x-padding': 'x'.repeat(length) } })
        : api.builder.accessToken({ 'x-padding': 'x'.repeat(length) });
    const nested = (depth: number) =>
      compactJws({
        header: api.builder.header(),
        payload: JSON.stringify(api.builder.claims()).replace(
          '{',
          `{"x":${'['.repeat(depth)}${']'.repeat(depth)},`,
        ),
        key: api.builder.key,
      });

    const tooLarge: readonly (readonly [string, () => string])[] = [
      ['a token of 64 kB', () => padded('claims', 48_000)],
      ['a token of a megabyte', () => padded('claims', 786_432)],
      ['a megabyte of one letter', () => 'a'.repeat(kib * kib)],
      ['a megabyte of periods', () => '.'.repeat(kib * kib)],
      ['100,000 periods', () => 'a.'.repeat(100_000)],
      [
        'three parts of which the last is a megabyte',
        () => `${api.builder.accessToken()}${'A'.repeat(kib * kib)}`,
      ],
      ['five parts and a megabyte', () => `a.b.c.d.${'e'.repeat(kib * kib)}`],
      ['JSON nested 10,000 deep', () => nested(10_000)],
    ];

    it.each(tooLarge)(
      '[attack-19-input-size-and-splitting] [design-input-limits] is judged before anything is decoded: %s',
      async (_what, make) => {
        const authorization = bearer(make());
        const decode = jest.spyOn(Buffer, 'from');
        const parse = jest.spyOn(JSON, 'parse');
        const { code, status } = await refusalOf(authorization);
        expect(['token.too-large', 'token.malformed']).toContain(code);
        expect(status).toBe(401);
        expect(decode).not.toHaveBeenCalled();
        expect(parse).not.toHaveBeenCalled();
      },
    );

    it('[attack-19-input-size-and-splitting] never lets many parts become many texts', async () => {
      const split = jest.spyOn(String.prototype, 'split');
      await refusalOf(bearer('a.'.repeat(8000)));
      await refusalOf(bearer('.'.repeat(16_000)));
      const pieces = split.mock.results.map(({ value }) => (value as string[]).length);
      expect(Math.max(...pieces)).toBeLessThanOrEqual(6);
    });

    const documents: readonly (readonly [string, (set: string) => string])[] = [
      ['of a megabyte', (set) => set.replace('{', `{"padding":"${'x'.repeat(kib * kib)}",`)],
      ['of 10,000 keys', (set) => set.replace('[', `[${'{"kty":"x"},'.repeat(10_000)}`)],
      ['nested 10,000 deep', (set) => set.replace('{', `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)},`)],
    ];

    it.each(documents)(
      '[attack-19-input-size-and-splitting] makes a key set none: %s',
      async (_what, inflate) => {
        const remote = await startRemoteKeyApi();
        const headers = { 'content-type': 'application/json' };
        const set = JSON.stringify(remote.builder.jwks);
        remote.server.serveRaw('/jwks', { headers, body: inflate(set) });
        await expectKeysUnavailable(remote, remote.builder.accessToken());
        expect(remote.eventsOf('fetch-failed')).toHaveLength(1);
        expect(remote.server.requests).toEqual(['/jwks']);
        remote.server.serveRaw('/jwks', { headers, body: set });
        remote.clock.advanceSeconds(2);
        await expectAccepted(remote, remote.builder.accessToken());
      },
    );

    it('accepts a token of exactly 16 KiB, and refuses one letter more', async () => {
      const limit = 16 * kib;
      // Three letters of padding are four of base64url; what is missing then, white space in the header makes up.
      const ofLength = (length: number) => {
        for (let claim = 11_500; claim < 12_200; claim++) {
          for (const spaces of [0, 1, 2]) {
            const token = compactJws({
              header: JSON.stringify(api.builder.header()) + ' '.repeat(spaces),
              payload: { ...api.builder.claims(), 'x-padding': 'x'.repeat(claim) },
              key: api.builder.key,
            });
            if (token.length === length) return token;
            if (token.length < length - 16) break;
          }
        }
        throw new Error('no token of that length');
      };
      await expect(api.verifier.verify(ofLength(limit))).resolves.toBeDefined();
      await expectInvalidTokenOffTheWire(api, ofLength(limit + 1), 'token.too-large');
    });

    it('[design-input-limits] refuses a header segment of 8 kB, before any of it is decoded, and accepts one of 6 KiB', async () => {
      const overlong = padded('header', 6000);
      const decode = jest.spyOn(Buffer, 'from');
      const parse = jest.spyOn(JSON, 'parse');
      expect(await refusalOf(bearer(overlong))).toEqual({ code: 'token.too-large', status: 401 });
      expect(decode).not.toHaveBeenCalled();
      expect(parse).not.toHaveBeenCalled();
      jest.restoreAllMocks();
      await expectInvalidToken(api, overlong, 'token.too-large');
      const json = JSON.stringify({ ...api.builder.header(), 'x-padding': '' });
      const fill = (length: number) => json.replace('""', `"${'x'.repeat(length - json.length)}"`);
      const withHeader = (length: number) =>
        compactJws({ header: fill(length), payload: api.builder.claims(), key: api.builder.key });
      expect(withHeader(4608).split('.')[0]).toHaveLength(6 * kib);
      await expectAccepted(api, withHeader(4608));
      await expectInvalidToken(api, withHeader(4609), 'token.too-large');
    });

    it.each([33, 1000])(
      '[design-input-limits] refuses JSON nested %d deep before it is parsed',
      async (depth) => {
        const token = nested(depth);
        const parse = jest.spyOn(JSON, 'parse');
        expect(await refusalOf(bearer(token))).toEqual({ code: 'token.malformed', status: 401 });
        // The header is parsed; the payload, which is deeper than allowed, is not.
        expect(parse).toHaveBeenCalledTimes(1);
        jest.restoreAllMocks();
        await expectInvalidToken(api, token, 'token.malformed');
      },
    );

    it('accepts JSON nested as deep as allowed', async () => {
      await expectAccepted(api, nested(31));
      await expectInvalidToken(api, nested(32), 'token.malformed');
    });
  });

  describe('patterns', () => {
    const base = () => {
      const { issuer, audience, jwks: keys } = api.builder;
      return { issuer, audience, keys };
    };

    it.each<readonly [string, object]>([
      ['issuer', { issuer: /as\.example/ }],
      ['audience', { audience: /api\.example/ }],
      ['audience in a list', { audience: ['https://api.example', /x/g] }],
      ['algorithms', { algorithms: [/ES/] }],
      ['realm', { realm: /x/ }],
      ['acceptsSubject', { acceptsSubject: /^user-/ }],
    ])('[attack-20-redos-in-configured-patterns] cannot be configured: %s', (_name, changes) => {
      const start = () => createResourceServer({ ...base(), ...changes });
      expect(start).toThrow(SetupError);
    });

    it('[attack-20-redos-in-configured-patterns] are not read into texts', async () => {
      const { builder, clock } = api;
      const literal = await startProtectedApi({
        builder,
        clock,
        settings: { audience: '.*', realm: builder.audience },
      });
      await expectInvalidToken(literal, builder.accessToken(), 'token.audience-mismatch');
      await expectAccepted(literal, builder.accessToken({ aud: '.*' }));
    });

    const long = 200_000;
    it.each([
      ['spaces', `Bearer${' '.repeat(long)}`],
      ['spaces before a token', `Bearer${' '.repeat(long)}a b`],
      ['a long token and a bad end', `Bearer ${'a'.repeat(long)}!`],
      ['equals signs and a bad end', `Bearer a${'='.repeat(long)}a`],
      ['letters and equals signs in turn', `Bearer ${'a='.repeat(long)}`],
      ['tabs', `Bearer${'\t'.repeat(long)}a`],
      ['the scheme, many times', 'Bearer '.repeat(long)],
      ['commas', `Bearer a${','.repeat(long)}`],
    ])(
      '[attack-20-redos-in-configured-patterns] of ours end at once, and every time alike: %s',
      async (_what, line) => {
        const first = await refusalOf(line);
        expect(first).toEqual({ code: 'request.token-malformed', status: 400 });
        // A pattern with a memory would answer otherwise the second time.
        expect(await refusalOf(line)).toEqual(first);
      },
    );

    it('[attack-20-redos-in-configured-patterns] of ours survive lines of every make', async () => {
      const alphabet = [
        'Bearer',
        'bearer',
        ' ',
        '  ',
        '\t',
        '=',
        '.',
        ',',
        '"',
        '\\',
        'a',
        '~',
        'é',
        '\u0000',
        'DPoP',
        'x'.repeat(500),
      ];
      let state = 1;
      const random = (limit: number) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
        return state % limit;
      };
      for (let round = 0; round < 2000; round++) {
        const line = Array.from({ length: 1 + random(12) }, () => alphabet[random(alphabet.length)]).join('');
        const { code, status } = await refusalOf(line);
        expect(code).toMatch(/^(request\.token-(missing|malformed)|token\.(malformed|too-large))$/);
        expect([400, 401]).toContain(status);
      }
    });
  });

  describe('spelling', () => {
    const parts = () => api.builder.accessToken().split('.') as [string, string, string];
    const joined = (index: number, change: (segment: string) => string) => {
      const segments = parts();
      segments[index] = change(segments[index] ?? '');
      return segments.join('.');
    };

    const spelt: readonly (readonly [string, (segment: string) => string])[] = [
      ['with padding', (segment) => `${segment}${'='.repeat(4 - (segment.length % 4 || 3))}`],
      ['with a plus sign', (segment) => `+${segment.slice(1)}`],
      ['with a slash', (segment) => `/${segment.slice(1)}`],
      ['with a space', (segment) => `${segment.slice(0, 5)} ${segment.slice(5)}`],
      ['with a line break', (segment) => `${segment.slice(0, 5)}\n${segment.slice(5)}`],
      ['with white space at its end', (segment) => `${segment}\t`],
    ];
    const cases = ['header', 'payload', 'signature'].flatMap((name, index) =>
      spelt.map(([how, change]) => [name, how, index, change] as const),
    );

    it.each(cases)(
      '[attack-23-non-canonical-base64url-signature-malleability] is one: not a %s %s',
      async (_name, _how, index, change) => {
        await expectInvalidTokenOffTheWire(api, joined(index, change), 'token.malformed');
      },
    );

    it('[attack-23-non-canonical-base64url-signature-malleability] is one: not a signature with bits left over', async () => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const token = joined(
        2,
        (segment) => segment.slice(0, -1) + alphabet.charAt(alphabet.indexOf(segment.slice(-1)) + 1),
      );
      await expectInvalidToken(api, token, 'token.malformed');
    });

    const key = () => createPrivateKey({ key: api.builder.key as JsonWebKey, format: 'jwk' });
    const signatures: readonly (readonly [string, (raw: Buffer, input: string) => Buffer])[] = [
      ['DER', (_raw, input) => sign('sha256', Buffer.from(input), { key: key(), dsaEncoding: 'der' })],
      ['a byte short', (raw) => raw.subarray(0, 63)],
      ['a byte long', (raw) => Buffer.concat([raw, Buffer.alloc(1)])],
      [
        'a zero before r and s',
        (raw) => Buffer.concat([Buffer.alloc(1), raw.subarray(0, 32), Buffer.alloc(1), raw.subarray(32)]),
      ],
      ['empty', () => Buffer.alloc(0)],
      ['twice', (raw) => Buffer.concat([raw, raw])],
    ];

    it.each(signatures)(
      '[attack-23-non-canonical-base64url-signature-malleability] of a signature is r and s: not %s',
      async (_what, change) => {
        const [header, payload, signature] = parts();
        const input = `${header}.${payload}`;
        const changed = change(Buffer.from(signature, 'base64url'), input).toString('base64url');
        await expectInvalidToken(api, `${input}.${changed}`, 'token.signature-invalid');
      },
    );
  });

  describe('signatures of nothing', () => {
    const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
    const field = BigInt('0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff');
    const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
    const values: readonly (readonly [string, bigint])[] = [
      ['zero', 0n],
      ['one', 1n],
      ['n', order],
      ['n + 1', order + 1n],
      ['p', field],
      ['2^256 - 1', 2n ** 256n - 1n],
    ];
    const pairs = values.flatMap(([r, rValue]) =>
      values.map(([s, sValue]) => [r, s, rValue, sValue] as const),
    );

    it.each(pairs)('[attack-24-psychic-signatures] never verify: r %s, s %s', async (_r, _s, r, s) => {
      const [header = '', payload = ''] = api.builder.accessToken().split('.');
      const signature = Buffer.concat([bytes(r), bytes(s)]).toString('base64url');
      await expectInvalidToken(api, `${header}.${payload}.${signature}`, 'token.signature-invalid');
    });

    it.each(values.filter(([name]) => name !== 'one'))(
      '[attack-24-psychic-signatures] never verify: half of a good one with %s',
      async (_name, value) => {
        const [header = '', payload = '', good = ''] = api.builder.accessToken().split('.');
        const raw = Buffer.from(good, 'base64url');
        for (const changed of [
          [bytes(value), raw.subarray(32)],
          [raw.subarray(0, 32), bytes(value)],
        ]) {
          const signature = Buffer.concat(changed).toString('base64url');
          await expectInvalidToken(api, `${header}.${payload}.${signature}`, 'token.signature-invalid');
        }
      },
    );
  });
});
