import { describe, expect, it } from '@jest/globals';
import { targetUriOf, type PublicAddress } from '../../src/binding/target-uri.js';

const address = (changes: Partial<PublicAddress> = {}): PublicAddress => ({
  publicUrl: undefined,
  defaultUrl: 'https://api.example',
  trustedProxies: () => false,
  ...changes,
});

const view = (url: string, headers: Record<string, string[]> = {}) => ({ method: 'GET', url, headers });

describe('targetUriOf', () => {
  it.each([
    ['/r', 'https://api.example/r'],
    ['/r?a=1', 'https://api.example/r'],
    ['/r#x', 'https://api.example/r'],
    ['/', 'https://api.example/'],
    ['', 'https://api.example/'],
    ['?a=1', 'https://api.example/'],
    ['//other.example/r', 'https://api.example//other.example/r'],
    ['/a/../r', 'https://api.example/r'],
    ['/%72', 'https://api.example/r'],
    ['/r?a=\r\nb', 'https://api.example/r'],
    ['http://other.example/r', 'https://api.example/r'],
    ['HTTPS://other.example:1/r?a', 'https://api.example/r'],
    ['http://other.example', 'https://api.example/'],
    ['http://other.example?a', 'https://api.example/'],
    ['http://u@other.example/r', 'https://api.example/r'],
  ])('of a request for %j is %s', (url, uri) => {
    expect(targetUriOf(view(url), address())).toBe(uri);
  });

  it.each([
    '*',
    'r',
    'ftp://other.example/r',
    'other.example:443',
    '@other.example/r',
    '.other.example/r',
    '/\\r',
    '/a b',
    '/%zz',
  ])('of a request for %j is unknown', (url) => {
    expect(targetUriOf(view(url), address())).toBeUndefined();
  });

  it('goes by what the operator said, then by a trusted proxy, then by the audience', () => {
    const forwarded = view('/r', { 'x-forwarded-proto': ['https'], 'x-forwarded-host': ['proxy.example'] });
    const trusting = { trustedProxies: () => true };
    const publicUrl = 'https://public.example/shop';
    expect(targetUriOf(forwarded, address({ ...trusting, publicUrl }))).toBe('https://public.example/shop/r');
    expect(targetUriOf(forwarded, address(trusting))).toBe('https://proxy.example/r');
    expect(targetUriOf(forwarded, address())).toBe('https://api.example/r');
  });

  it('is unknown where nobody says the address', () => {
    const nobody = address({ defaultUrl: undefined });
    expect(targetUriOf(view('/r', { host: ['api.example'] }), nobody)).toBeUndefined();
    expect(targetUriOf(view('https://api.example/r'), nobody)).toBeUndefined();
  });
});
