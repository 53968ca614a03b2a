import { describe, expect, it } from '@jest/globals';
import { isSecureUrl } from '../../src/keys/secure-url.js';

describe('isSecureUrl', () => {
  const strict = { allowInsecureLoopback: false };
  const loopback = { allowInsecureLoopback: true };

  it.each([
    'https://as.example',
    'https://as.example:8443/t1?x=1',
    'HTTPS://as.example',
    'https://127.0.0.1',
  ])('takes %s', (url) => {
    expect(isSecureUrl(url, strict)).toBe(true);
    expect(isSecureUrl(url, loopback)).toBe(true);
  });

  it.each(['http://127.0.0.1:3000', 'http://localhost', 'http://[::1]:80/jwks'])(
    'takes %s only where loopback is allowed',
    (url) => {
      expect(isSecureUrl(url, strict)).toBe(false);
      expect(isSecureUrl(url, loopback)).toBe(true);
    },
  );

  it.each([
    'http://as.example',
    'http://127.0.0.1.as.example',
    'http://localhost.as.example',
    'http://127.0.0.1@as.example',
    'http://as.example#127.0.0.1',
    'http://0.0.0.0',
    'http://169.254.169.254',
    'ftp://localhost',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:alert(1)',
    'as.example',
    '//as.example',
    'https:as.example',
    'https:/as.example',
    'https:///as.example',
    'https://',
    'https://user@as.example',
    'https://user:secret@as.example',
    'https://:secret@as.example',
    ' https://as.example',
    'https://as.example\n',
    'https://as.exa\tmple',
    'https://as.example/\u0000',
    'https:\\\\as.example',
    'https://as.example\\@evil.example',
    'https://as.example:99999',
    '',
  ])('refuses %j', (url) => {
    expect(isSecureUrl(url, strict)).toBe(false);
    expect(isSecureUrl(url, loopback)).toBe(false);
  });
});
