import { describe, expect, it } from '@jest/globals';
import { isJwtShaped } from '../../src/introspection/is-jwt-shaped.js';

const encoded = (text: string) => Buffer.from(text).toString('base64url');
const header = encoded('{"alg":"ES256"}');

describe('isJwtShaped', () => {
  it.each([
    ['a signed JWT', `${header}.e30.c2ln`],
    ['an encrypted JWT', `${header}.a.b.c.d`],
    ['an unsigned JWT', `${header}.e30.`],
    ['a JWT that lacks its signature', `${header}.e30`.concat('.')],
    ['a JWT with a part too many', `${header}.e30.c2ln.x`],
    ['a JWT with a space before its header', `${encoded(' {"alg":"ES256"}')}.e30.c2ln`],
    ['a JWT with a member twice in its header', `${encoded('{"alg":"ES256","alg":"none"}')}.e30.c2ln`],
    ['a JWT whose header breaks off', `${encoded('{"alg')}.e30.c2ln`],
    ['a JWT with padding after its signature', `${header}.e30.c2ln==`],
    ['a JWT with a long header', `${encoded(`{"alg":"${'x'.repeat(5000)}"}`)}.e30.c2ln`],
  ])('is true of %s', (_what, token) => {
    expect(isJwtShaped(token)).toBe(true);
  });

  it.each([
    ['a random text', '2YotnFZFEjr1zCsicMWpAA'],
    ['a random text with a period', 'ya29.a0AfH6SMBx'],
    ['a random text with two periods', 'abc.def.ghi'],
    ['a PASETO', 'v4.public.eyJkYXRhIjoidGhpcyJ9'],
    ['the header of a JWT alone', header],
    ['an encoded list', `${encoded('["x"]')}.e30.c2ln`],
    ['nothing', ''],
    ['periods', '...'],
  ])('is false of %s', (_what, token) => {
    expect(isJwtShaped(token)).toBe(false);
  });
});
