import { describe, expect, it } from '@jest/globals';
import { isUnder } from '../src/resource-url.js';

describe('isUnder', () => {
  it.each([
    ['https://api.example', 'https://api.example'],
    ['https://api.example/', 'https://api.example'],
    ['https://api.example/orders?x=1#y', 'https://api.example'],
    ['https://API.example:443/orders', 'https://api.example'],
    ['https://api.example/v1', 'https://api.example/v1'],
    ['https://api.example/v1?x=/../', 'https://api.example/v1'],
    ['https://api.example/v1/', 'https://api.example/v1'],
    ['https://api.example/v1/orders', 'https://api.example/v1'],
    ['https://api.example/v1/orders', 'https://api.example/v1/'],
    ['https://api.example/v1/a%2Fb', 'https://api.example/v1'],
    ['https://api.example/v1/..a', 'https://api.example/v1'],
    ['https://api.example/v1?tenant=1', 'https://api.example/v1?tenant=1'],
  ])('puts %s under %s', (url, resource) => {
    expect(isUnder(new URL(url), resource)).toBe(true);
  });

  it.each([
    ['another host', 'https://evil.example/v1/orders', 'https://api.example/v1'],
    ['a longer host', 'https://api.example.evil/v1', 'https://api.example/v1'],
    ['a host after a user name', 'https://api.example@evil.example/v1', 'https://api.example/v1'],
    ['a user name', 'https://user@api.example/v1', 'https://api.example/v1'],
    ['a password', 'https://:secret@api.example/v1', 'https://api.example/v1'],
    ['another scheme', 'http://api.example/v1', 'https://api.example/v1'],
    ['another port', 'https://api.example:8443/v1', 'https://api.example/v1'],
    ['a longer segment', 'https://api.example/v10', 'https://api.example/v1'],
    ['a shorter path', 'https://api.example/', 'https://api.example/v1'],
    ['no slash where the resource has one', 'https://api.example/v1', 'https://api.example/v1/'],
    ['another case', 'https://api.example/V1', 'https://api.example/v1'],
    ['dot segments', 'https://api.example/v1/../admin', 'https://api.example/v1'],
    ['encoded dot segments', 'https://api.example/v1/%2e%2e/admin', 'https://api.example/v1'],
    ['dot segments behind encoded slashes', 'https://api.example/v1/..%2fadmin', 'https://api.example/v1'],
    ['dot segments behind back slashes', 'https://api.example/v1/..%5cadmin', 'https://api.example/v1'],
    ['dot segments encoded twice', 'https://api.example/v1/%252e%252e%252fadmin', 'https://api.example/v1'],
    [
      'dot segments encoded three times',
      'https://api.example/v1/%25252e%25252e%25252fadmin',
      'https://api.example/v1',
    ],
    ['another query than the resource', 'https://api.example/v1?tenant=2', 'https://api.example/v1?tenant=1'],
    ['a URL where the resource is a URN', 'https://api.example/v1', 'urn:example:api'],
    ['the URN itself', 'urn:example:api', 'urn:example:api'],
  ])('refuses %s', (_form, url, resource) => {
    expect(isUnder(new URL(url), resource)).toBe(false);
  });
});
