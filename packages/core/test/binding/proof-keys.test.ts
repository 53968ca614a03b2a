import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { generateSigningJwk, jwkThumbprint, type Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { createProofKeys } from '../../src/binding/proof-keys.js';

const newJwk = async () => publicJwk(await generateSigningJwk('ES256'));

describe('createProofKeys', () => {
  it('imports a key and knows its thumbprint', async () => {
    const jwk = await newJwk();
    const key = createProofKeys().of(jwk);
    expect(key?.thumbprint).toBe(jwkThumbprint(jwk));
    expect(key?.key.type).toBe('public');
    expect([...(key?.algorithms ?? [])]).toEqual(['ES256']);
  });

  it('imports the same key once', async () => {
    const keys = createProofKeys();
    const jwk = await newJwk();
    expect(keys.of({ ...jwk })).toBe(keys.of(jwk));
  });

  it('keeps as many keys as it may, and those that were used last', async () => {
    const keys = createProofKeys(2);
    const [a, b, c] = [await newJwk(), await newJwk(), await newJwk()];
    const [first, second] = [keys.of(a), keys.of(b)];
    // Using it again makes it the younger one.
    expect(keys.of(a)).toBe(first);
    keys.of(c);
    expect(keys.of(a)).toBe(first);
    expect(keys.of(b)).not.toBe(second);
    expect(keys.of(b)?.thumbprint).toBe(second?.thumbprint);
  });

  it('judges a JWK by all that it says, also when its key is known', async () => {
    const keys = createProofKeys();
    const { kty, crv, x, y } = await newJwk();
    const jwk = { kty, crv, x, y };
    expect(keys.of(jwk)).toBeDefined();
    for (const more of [
      { use: 'enc' },
      { key_ops: ['sign'] },
      { alg: 'ES384' },
      { kid: 5 },
      { x5c: ['AA'] },
      { d: 'AA' },
    ]) {
      expect(keys.of({ ...jwk, ...more })).toBeUndefined();
    }
    expect(keys.of(jwk)).toBeDefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ['nothing', {}],
    ['a secret', { kty: 'oct', k: randomBytes(32).toString('base64url') }],
    ['a key that is not on its curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['another curve', { kty: 'EC', crv: 'secp256k1', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['a key for agreement', { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }],
  ])('makes nothing of %s', (_what, jwk) => {
    expect(createProofKeys().of(jwk)).toBeUndefined();
  });

  describe('RSA keys, whose cost the sender chooses', () => {
    const rsa = (bits: number, e: Buffer): Jwk => {
      const n = randomBytes(bits / 8);
      n.writeUInt8(0xff, 0);
      n.writeUInt8(n.readUInt8(n.length - 1) | 1, n.length - 1);
      return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') };
    };
    const usual = Buffer.from([1, 0, 1]);
    const ofBits = (bits: number) => {
      const e = Buffer.alloc(Math.ceil(bits / 8), 0xff);
      e.writeUInt8(0xff >> (e.length * 8 - bits), 0);
      return e;
    };

    it.each<[string, number, Buffer, boolean]>([
      ['2048 bits', 2048, usual, true],
      ['4096 bits', 4096, usual, true],
      ['4104 bits', 4104, usual, false],
      ['16384 bits', 16_384, usual, false],
      ['an exponent of 64 bits', 2048, ofBits(64), true],
      ['an exponent of 65 bits', 2048, ofBits(65), false],
      ['an exponent as long as the modulus', 3072, ofBits(3071), false],
      ['1024 bits', 1024, usual, false],
      ['the exponent one', 2048, Buffer.from([1]), false],
    ])('are judged: %s', (_what, bits, e, isGood) => {
      expect(createProofKeys().of(rsa(bits, e)) !== undefined).toBe(isGood);
    });
  });
});
