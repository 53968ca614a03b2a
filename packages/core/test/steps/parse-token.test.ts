import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { maximumJsonDepth } from '../../src/encoding/strict-json.js';
import type { PresentedToken } from '../../src/evidence.js';
import { maximumHeaderLength } from '../../src/steps/jose-header.js';
import { maximumTokenLength, parseToken } from '../../src/steps/parse-token.js';
import { digestOfToken, fingerprintFrom } from '../../src/steps/token-digest.js';
import { expectRefusal } from '../support/refusal.js';

const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' };

const token = ({ header: h = header, payload = {}, signature = 'AAAA' }: Partial<Record<string, unknown>>) =>
  `${encode(h)}.${encode(payload)}.${String(signature)}`;

const parse = (text: unknown) => parseToken(text as PresentedToken);

describe('parseToken', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('takes a compact JWS apart', () => {
    const text = token({ payload: { iss: 'https://as.example' } });
    expect(parse(text)).toEqual({
      header,
      unverifiedClaims: { iss: 'https://as.example' },
      signingInput: text.slice(0, text.lastIndexOf('.')),
      signature: Buffer.from([0, 0, 0]),
      fingerprint: fingerprintFrom(digestOfToken(text)),
    });
  });

  it('leaves an empty signature to the step that judges the algorithm', () => {
    expect(parse(token({ signature: '' })).signature).toHaveLength(0);
  });

  it.each([
    ['nothing', ''],
    ['no period', 'abc'],
    ['one period', 'e30.e30'],
    ['three periods', 'e30.e30.AA.AA'],
    ['four periods', 'e30.e30.AA.AA.AA'],
    ['a leading period', `.${token({})}`],
    ['a trailing period', `${token({})}.`],
    ['an empty header', `.${encode({})}.AA`],
    ['an empty payload', `${encode(header)}..AA`],
    ['nothing but periods', '..'],
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', {}],
    ['a list with a token', [token({})]],
    ['bytes', Buffer.from(token({}))],
  ])('refuses %s', async (_what, text) => {
    await expectRefusal(() => parse(text), 'token.malformed');
  });

  it.each(['header', 'payload', 'signature'] as const)(
    'refuses a %s that is not base64url',
    async (claim) => {
      const segments = token({}).split('.');
      const at = ['header', 'payload', 'signature'].indexOf(claim);
      segments[at] = `${segments[at] ?? ''}=`;
      await expectRefusal(() => parse(segments.join('.')), 'token.malformed', { claim });
    },
  );

  it.each(['header', 'payload'] as const)('refuses a %s that is not one JSON object', async (claim) => {
    for (const text of ['[]', '"x"', 'null', '1', '{}trailing', '{']) {
      await expectRefusal(() => parse(token({ [claim]: text })), 'token.malformed', { claim });
    }
  });

  it('refuses a payload with two members of one name', async () => {
    await expectRefusal(() => parse(token({ payload: '{"a":1,"a":2}' })), 'token.duplicate-member', {
      claim: 'payload',
    });
  });

  it('refuses a header with two members of one name', async () => {
    const twice = '{"alg":"none","alg":"ES256"}';
    await expectRefusal(() => parse(token({ header: twice })), 'token.duplicate-member', { claim: 'header' });
  });

  const nestedPayload = (depth: number) => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

  it('accepts a payload nested as deep as allowed', () => {
    const parsed = parse(token({ payload: nestedPayload(maximumJsonDepth) }));
    expect(parsed.unverifiedClaims).toHaveProperty('a');
  });

  it('refuses a payload nested one deeper', async () => {
    const payload = nestedPayload(maximumJsonDepth + 1);
    await expectRefusal(() => parse(token({ payload })), 'token.malformed', { claim: 'payload' });
  });

  describe('sizes', () => {
    const ofLength = (length: number) => {
      const start = `${encode(header)}.${encode('{}')}.`;
      return start + 'A'.repeat(length - start.length);
    };
    const withHeaderSegmentOf = (length: number) => {
      const bytes = (length / 4) * 3;
      const bare = JSON.stringify({ ...header, pad: '' }).length;
      const segment = encode({ ...header, pad: 'x'.repeat(bytes - bare) });
      expect(segment).toHaveLength(length);
      return `${segment}.e30.AAAA`;
    };

    it('accepts the longest token', () => {
      expect(parse(ofLength(maximumTokenLength)).signature.length).toBeGreaterThan(12_000);
    });

    it('refuses a token one character longer', async () => {
      await expectRefusal(() => parse(ofLength(maximumTokenLength + 1)), 'token.too-large');
    });

    it('accepts the longest header', () => {
      expect(parse(withHeaderSegmentOf(maximumHeaderLength)).header.alg).toBe('ES256');
    });

    it('refuses a header that is longer', async () => {
      await expectRefusal(() => parse(withHeaderSegmentOf(maximumHeaderLength + 4)), 'token.too-large', {
        claim: 'header',
      });
    });

    it.each([
      ['a megabyte', 'A'.repeat(1024 * 1024), 'token.too-large'],
      ['100,000 periods', '.'.repeat(100_000), 'token.too-large'],
      ['periods within the limit', '.'.repeat(maximumTokenLength), 'token.malformed'],
    ] as const)('refuses %s before anything is decoded', async (_what, text, code) => {
      const decode = jest.spyOn(Buffer, 'from');
      const parseJson = jest.spyOn(JSON, 'parse');
      await expectRefusal(() => parse(text), code);
      expect(decode).not.toHaveBeenCalled();
      expect(parseJson).not.toHaveBeenCalled();
    });
  });

  describe('header parameters', () => {
    it.each([
      ['alg that is missing', { alg: undefined }, 'token.malformed', 'alg', 'missing'],
      ['alg that is null', { alg: null }, 'token.malformed', 'alg', 'malformed'],
      ['alg that is a number', { alg: 256 }, 'token.malformed', 'alg', 'malformed'],
      ['alg that is a list', { alg: ['ES256'] }, 'token.malformed', 'alg', 'malformed'],
      ['kid that is a number', { kid: 7 }, 'token.malformed', 'kid', 'malformed'],
      ['kid that is null', { kid: null }, 'token.malformed', 'kid', 'malformed'],
      ['kid that is an object', { kid: {} }, 'token.malformed', 'kid', 'malformed'],
      [
        'crit that lists an extension',
        { crit: ['exp'], exp: 1 },
        'token.critical-unknown',
        'crit',
        'mismatch',
      ],
      ['crit that is empty', { crit: [] }, 'token.critical-unknown', 'crit', 'mismatch'],
      ['crit that is null', { crit: null }, 'token.critical-unknown', 'crit', 'mismatch'],
      ['b64', { b64: false, crit: ['b64'] }, 'token.critical-unknown', 'crit', 'mismatch'],
      ['b64 that is not critical', { b64: false }, 'token.critical-unknown', 'b64', 'mismatch'],
    ] as const)('refuses %s', async (_what, changes, code, claim, reason) => {
      const call = () => parse(token({ header: { ...header, ...changes } }));
      await expectRefusal(call, code, { claim, reason });
    });

    it('keeps parameters that it does not know, and lets __proto__ change nothing', () => {
      const parsed = parse(token({ header: '{"alg":"ES256","x-trace":{"a":1},"__proto__":{"kid":"evil"}}' }));
      expect(parsed.header).toHaveProperty('x-trace', { a: 1 });
      expect(parsed.header.kid).toBeUndefined();
      expect(Object.getPrototypeOf(parsed.header)).toBe(Object.prototype);
    });
  });
});
