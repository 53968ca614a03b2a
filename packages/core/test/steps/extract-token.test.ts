import { describe, expect, it } from '@jest/globals';
import type { RequestView } from '../../src/request-view.js';
import { extractToken } from '../../src/steps/extract-token.js';
import { expectRefusal } from '../support/refusal.js';

const request = (
  authorization?: string | readonly string[],
  rest: Partial<RequestView> = {},
): RequestView => ({
  method: 'GET',
  url: '/orders',
  headers: {
    authorization: typeof authorization === 'string' ? [authorization] : authorization,
  },
  ...rest,
});

describe('extractToken', () => {
  it.each([
    ['one space', 'Bearer a.b.c'],
    ['two spaces', 'Bearer  a.b.c'],
    ['the scheme in lower case', 'bearer a.b.c'],
    ['the scheme in upper case', 'BEARER a.b.c'],
  ])('finds the token after %s', (_how, line) => {
    expect(extractToken(request(line))).toMatchObject({ token: 'a.b.c' });
  });

  it('takes every character of a b64token, and equals signs at its end', () => {
    expect(extractToken(request('Bearer aZ09-._~+/=='))).toEqual({ scheme: 'Bearer', token: 'aZ09-._~+/==' });
  });

  it.each([
    ['the scheme alone', 'Bearer'],
    ['the scheme and a space', 'Bearer '],
    ['two tokens', 'Bearer a b'],
    ['a comma', 'Bearer a,b'],
    ['a tab after the scheme', 'Bearer\ta'],
    ['a tab after the space', 'Bearer \ta'],
    ['a no-break space after the scheme', 'Bearer\u00a0a'],
    ['a letter outside ASCII', 'Bearer aé'],
    ['an auth-param', 'Bearer token=abc'],
    ['an equals sign in the middle', 'Bearer a=b'],
    ['nothing but equals signs', 'Bearer =='],
    ['a trailing space', 'Bearer a '],
    ['a quoted token', 'Bearer "a"'],
    ['a line break', 'Bearer a\r\n b'],
  ])('refuses %s', async (_what, line) => {
    await expectRefusal(() => extractToken(request(line)), 'request.token-malformed');
  });

  it.each([
    ['no header', undefined],
    ['an empty list of lines', []],
    ['an empty line', ''],
    ['another scheme', 'Basic dTpw'],
    ['a scheme that begins alike', 'Bearerx a'],
    ['a token without a scheme', 'a.b.c'],
    ['a space before the scheme', ' Bearer a'],
  ])('finds no credentials in %s', async (_what, authorization) => {
    await expectRefusal(() => extractToken(request(authorization)), 'request.token-missing');
  });

  it.each([
    ['the same token twice', ['Bearer a', 'Bearer a']],
    ['two tokens', ['Bearer a', 'Bearer b']],
    ['two schemes', ['Basic dTpw', 'Bearer a']],
  ])('refuses two header lines with %s', async (_what, lines) => {
    await expectRefusal(() => extractToken(request(lines)), 'request.token-repeated');
  });

  it.each([
    ['the query', { url: '/orders?access_token=a' }],
    ['the query, without a value', { url: '/orders?access_token' }],
    ['the query, after others', { url: '/orders?x=1&access_token=b' }],
    ['the query, with its name in per cent', { url: '/orders?%61ccess%5Ftoken=a' }],
    ['the form', { form: { access_token: 'a' } }],
    ['the form, without a value', { form: { access_token: undefined } }],
    [
      'a form without a prototype',
      { form: Object.assign(Object.create(null) as object, { access_token: 'a' }) },
    ],
  ] as readonly (readonly [string, Partial<RequestView>])[])(
    'refuses a token in the header and one in %s',
    async (_where, rest) => {
      await expectRefusal(() => extractToken(request('Bearer a', rest)), 'request.token-repeated');
    },
  );

  it.each([
    ['other parameters', { url: '/orders?x=1&y=%41' }],
    ['a parameter whose name is longer', { url: '/orders?my_access_token=1&access_token_type=2' }],
    ['a value that reads like the name', { url: '/orders?x=access_token' }],
    ['a path that reads like the name', { url: '/access_token' }],
    ['a form without a token', { form: { x: '1' } }],
  ] as readonly (readonly [string, Partial<RequestView>])[])('is not disturbed by %s', (_what, rest) => {
    expect(extractToken(request('Bearer a', rest))).toMatchObject({ token: 'a' });
  });

  it.each([
    ['the query', { url: '/orders?access_token=a' }],
    ['the form', { form: { access_token: 'a' } }],
  ] as readonly (readonly [string, Partial<RequestView>])[])(
    'reads no token from %s',
    async (_where, rest) => {
      await expectRefusal(() => extractToken(request(undefined, rest)), 'request.token-missing');
    },
  );

  it.each([
    ['equals signs', '='.repeat(1e6)],
    ['characters and equals signs in turn', 'a='.repeat(5e5)],
    ['spaces', ' '.repeat(1e6)],
  ])('refuses a megabyte of %s, without backtracking', async (_what, text) => {
    await expectRefusal(() => extractToken(request(`Bearer ${text}`)), 'request.token-malformed');
  });
});
