import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { digestOfToken, fingerprintFrom } from '../../src/steps/token-digest.js';

describe('digestOfToken', () => {
  it('is the whole SHA-256 digest, one byte to a character', () => {
    const digest = digestOfToken('abc');
    expect(digest).toHaveLength(32);
    expect(Buffer.from(digest, 'latin1')).toEqual(createHash('sha256').update('abc').digest());
  });
});

describe('fingerprintFrom', () => {
  it('is the first half of the digest, base64url', () => {
    expect(fingerprintFrom(digestOfToken('abc'))).toBe('ungWv48Bz-pBQUDeXa4iIw');
  });

  it('tells tokens apart', () => {
    expect(fingerprintFrom(digestOfToken('abd'))).not.toBe(fingerprintFrom(digestOfToken('abc')));
  });
});
