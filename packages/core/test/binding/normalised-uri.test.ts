import { describe, expect, it } from '@jest/globals';
import { normalisedUri } from '../../src/binding/normalised-uri.js';

describe('normalisedUri', () => {
  it.each([
    ['https://api.example', 'https://api.example/'],
    ['HTTPS://API.Example/R', 'https://api.example/R'],
    ['https://api.example:443/r', 'https://api.example/r'],
    ['https://api.example:/r', 'https://api.example/r'],
    ['https://api.example:8443/r', 'https://api.example:8443/r'],
    ['http://api.example:80/r', 'http://api.example/r'],
    ['http://api.example:443/r', 'http://api.example:443/r'],
    ['https://api.example/r?a=1#b', 'https://api.example/r'],
    ['https://api.example?a=/../b', 'https://api.example/'],
    ['https://api.example#x', 'https://api.example/'],
    ['https://api.example/a/./b/../c', 'https://api.example/a/c'],
    ['https://api.example/../../r', 'https://api.example/r'],
    ['https://api.example/a/..', 'https://api.example/'],
    ['https://api.example/a/%2e%2E/r', 'https://api.example/r'],
    ['https://api.example/%72%7e%2d%5F%2E', 'https://api.example/r~-_.'],
    ['https://api.example/a%2fb', 'https://api.example/a%2Fb'],
    ['https://api.example/%2572', 'https://api.example/%2572'],
    ['https://api.example/a%20b', 'https://api.example/a%20b'],
    ['https://api.example//a//', 'https://api.example//a//'],
    ['https://api.example/a;v=1,2@x:y', 'https://api.example/a;v=1,2@x:y'],
    ['https://[2001:DB8::0:1]/r', 'https://[2001:db8::1]/r'],
    ['https://%61pi.example/r', 'https://api.example/r'],
  ])('makes %s into %s', (given, normalised) => {
    expect(normalisedUri(given)).toBe(normalised);
    expect(normalisedUri(normalised)).toBe(normalised);
  });

  it.each([
    '',
    'api.example/r',
    '/r',
    '//api.example/r',
    'https:',
    'https:/api.example/r',
    'https:api.example/r',
    'https://',
    'https:///api.example/r',
    'https://?x',
    'https://#x',
    'https:\\\\api.example\\r',
    'https://api.example\\r',
    'https://api.example/r\\',
    ' https://api.example/r',
    'https://api.example/r ',
    'https://api.example/a b',
    'https://api.exa\tmple/r',
    'https://api.example/r\n',
    'https://api.example/\u0000',
    'https://api.example/ü',
    'https://ü.example/r',
    'https:// api.example/r',
    'https://\tapi.example/r',
    'https://u@api.example/r',
    'https://u:p@api.example/r',
    'https://@api.example/r',
    'https://:@api.example/r',
    'https://api.example:99999/r',
    'https://api.example:x/r',
    'https://api example/r',
    'https://api.example/%',
    'https://api.example/%2',
    'https://api.example/%zz',
    'wss://api.example/r',
    'ftp://api.example/r',
    'javascript:alert(1)',
    'urn:example:r',
  ])('makes nothing of %j', (given) => {
    expect(normalisedUri(given)).toBeUndefined();
  });

  it('keeps those apart that are not equivalent', () => {
    const uris = [
      'https://api.example/a/b',
      'https://api.example/a%2Fb',
      'https://api.example/a/b/',
      'https://api.example/A/b',
      'https://api.example//a/b',
      'http://api.example/a/b',
      'https://api.example:8443/a/b',
      'https://api.example./a/b',
      'https://api.example/a/b%3F',
    ];
    expect(new Set(uris.map(normalisedUri)).size).toBe(uris.length);
  });

  it('looks at 8192 characters and no more', () => {
    const ofLength = (length: number) => `https://api.example/`.padEnd(length, 'a');
    expect(normalisedUri(ofLength(8192))).toBe(ofLength(8192));
    expect(normalisedUri(ofLength(8193))).toBeUndefined();
  });
});
