import { createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningJwk, type Algorithm, type Jwk } from '@assay/core';
import { publicJwk } from '@assay/testing';
import { keyIndexOf } from '../../src/keys/key-index.js';
import { keepingUnchangedKeys, keySetFrom, maximumKeys } from '../../src/keys/key-set.js';
import { tiedToOneAlgorithm } from '../../src/keys/one-algorithm.js';
import {
  fitsAlgorithm,
  importJwk,
  importPublicKey,
  type VerificationKey,
} from '../../src/keys/verification-key.js';
import { keySetOf, publicKey } from './support/key-set-of.js';

let ec: Jwk;
let rsa: Jwk;
let ed25519: Jwk;
beforeAll(async () => {
  ec = await publicKey('ec');
  rsa = { ...publicJwk(await generateSigningJwk('RS256')), alg: undefined, kid: 'rsa' };
  ed25519 = { ...publicJwk(await generateSigningJwk('EdDSA')), alg: undefined, kid: 'ed' };
});

const imported = (jwk: unknown): VerificationKey => {
  const key = importJwk(jwk);
  if ('unusable' in key) throw new Error(key.unusable);
  return key;
};

describe('keySetFrom', () => {
  it.each([
    ['null', null],
    ['a list', []],
    ['an object without keys', {}],
    ['keys that is null', { keys: null }],
    ['keys that is an object', { keys: { 0: {} } }],
  ])('is not made of %s', (_what, document) => {
    expect(keySetFrom(document)).toEqual({ unusable: 'the answer is not a JWK Set' });
  });

  it('is made of an empty list of keys, and of other members beside it', () => {
    expect(keySetFrom({ keys: [], other: 1 })).toMatchObject({ keys: [], skipped: [], warnings: [] });
  });

  it('is not made of more entries than the limit, good or bad', () => {
    const bad = (count: number) => ({ keys: Array<unknown>(count).fill(0) });
    expect(keySetFrom(bad(maximumKeys))).toMatchObject({ keys: [] });
    expect(keySetFrom(bad(maximumKeys + 1))).toEqual({ unusable: 'the JWK Set has more than 250 keys' });
  });

  it('keeps the public half of keys alone', async () => {
    const set = keySetOf(await generateSigningJwk('ES256'), await generateSigningJwk('RS256'));
    expect(set.keys.map(({ key }) => key.type)).toEqual(['public', 'public']);
    expect(set.warnings).toHaveLength(2);
  });

  it('leaves keys without use out where an encryption key stands anywhere in the set', () => {
    const encryption = { ...ec, use: 'enc' };
    for (const entries of [
      [{ ...ec, use: undefined }, encryption],
      [encryption, { ...ec, use: undefined }],
    ]) {
      expect(keySetOf(...entries)).toMatchObject({ keys: [] });
    }
    expect(keySetOf({ ...ec, use: undefined }, { ...ec, use: 'sig' }).keys).toHaveLength(2);
  });
});

describe('keyIndexOf', () => {
  it('has keys by algorithm and kid, and by algorithm alone', () => {
    const { index } = keySetOf(ec, rsa);
    const kids = (alg: 'ES256' | 'RS256' | 'PS256', kid?: string) =>
      index.candidates({ alg, kid }).map((key) => key.kid);
    expect(kids('ES256', 'ec')).toEqual(['ec']);
    expect(kids('ES256')).toEqual(['ec']);
    expect(kids('RS256', 'rsa')).toEqual(['rsa']);
    expect(kids('RS256', 'ec')).toEqual([]);
    expect(kids('ES256', 'rsa')).toEqual([]);
    expect(kids('ES256', 'EC')).toEqual([]);
    expect(kids('PS256')).toEqual([]);
    expect(index.kids).toEqual(['ec', 'rsa']);
    expect([index.knowsKid('ec'), index.knowsKid('EC'), index.knowsKid('__proto__')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('takes %j for a kid like any other', (kid) => {
    const { index } = keySetOf(ec);
    expect(index.candidates({ alg: 'ES256', kid })).toEqual([]);
    const named = keySetOf(ec, { ...ec, kid });
    expect(named.index.candidates({ alg: 'ES256', kid })).toHaveLength(1);
  });

  it('gives the same frozen list for the same question', () => {
    const { index } = keySetOf(ec);
    for (const kid of ['ec', undefined, 'unknown']) {
      const answer = index.candidates({ alg: 'ES256', kid });
      expect(index.candidates({ alg: 'ES256', kid })).toBe(answer);
      expect(Object.isFrozen(answer)).toBe(true);
    }
  });

  it('gives a published key without kid to tokens without kid alone, a configured one to all', () => {
    const keys = [imported({ ...ec, kid: undefined })];
    const published = keyIndexOf(keys);
    const configured = keyIndexOf(keys, { withoutKid: 'serve any' });
    expect(published.candidates({ alg: 'ES256', kid: undefined })).toEqual(keys);
    expect(published.candidates({ alg: 'ES256', kid: 'any' })).toEqual([]);
    expect(configured.candidates({ alg: 'ES256', kid: undefined })).toEqual(keys);
    expect(configured.candidates({ alg: 'ES256', kid: 'any' })).toEqual(keys);
    expect(configured.candidates({ alg: 'RS256', kid: 'any' })).toEqual([]);
  });
});

describe('keepingUnchangedKeys', () => {
  it('keeps the objects of keys that are the same in kid, algorithms and key', async () => {
    const before = keySetOf(ec, rsa);
    const other = await publicKey('ec');
    const after = keepingUnchangedKeys(keySetOf({ ...rsa }, other), before);
    expect(after.keys[0]).toBe(before.keys[1]);
    expect(before.keys).not.toContain(after.keys[1]);
    expect(after.index.candidates({ alg: 'RS256', kid: 'rsa' })[0]).toBe(before.keys[1]);
  });

  it.each([
    ['another kid', { kid: 'other' }],
    ['another alg', { alg: 'PS256' }],
  ])('takes a key with %s for another', (_what, members) => {
    const before = keySetOf(rsa);
    expect(keepingUnchangedKeys(keySetOf({ ...rsa, ...members }), before).keys[0]).not.toBe(before.keys[0]);
  });

  it('is the set itself where there was none before', () => {
    const set = keySetOf(ec);
    expect(keepingUnchangedKeys(set, undefined)).toBe(set);
  });
});

describe('tiedToOneAlgorithm', () => {
  const served = (jwk: Jwk, ...allowed: Algorithm[]) => [
    ...tiedToOneAlgorithm(imported(jwk), new Set(allowed)).algorithms,
  ];

  it('ties an RSA key without alg to the first of the list that fits', () => {
    expect(served(rsa, 'RS256', 'PS256')).toEqual(['RS256']);
    expect(served(rsa, 'ES256', 'PS384', 'RS256')).toEqual(['PS384']);
  });

  it('leaves a key to the alg that it names', () => {
    expect(served({ ...rsa, alg: 'RS512' }, 'RS256', 'RS512')).toEqual(['RS512']);
    expect(served({ ...rsa, alg: 'RS512' }, 'RS256')).toEqual(['RS512']);
  });

  it('leaves an Ed25519 key without alg the two names of its one algorithm, as far as they are allowed', () => {
    expect(served(ed25519, 'RS256', 'EdDSA', 'Ed25519')).toEqual(['EdDSA', 'Ed25519']);
    expect(served(ed25519, 'Ed25519')).toEqual(['Ed25519']);
    expect(served({ ...ed25519, alg: 'EdDSA' }, 'EdDSA', 'Ed25519')).toEqual(['EdDSA']);
  });
});

describe('importJwk', () => {
  it.each([
    ['a text', 'jwk', 'not a JSON object'],
    ['a list', [], 'not a JSON object'],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }, 'kty is oct: symmetric keys are not published'],
    ['no kty', {}, 'kty, crv or a public member is missing or malformed'],
    ['a kty of the prototype', { kty: 'constructor' }, 'kty, crv or a public member is missing or malformed'],
  ])('refuses %s', (_what, jwk, unusable) => {
    expect(importJwk(jwk)).toEqual({ unusable });
  });

  it.each([
    ['a kid that is a number', { kid: 1 }, 'kid is not a string'],
    ['a kid that is null', { kid: null }, 'kid is not a string'],
    ['an alg that is a number', { alg: 1 }, 'alg is not supported'],
    ['an alg that is null', { alg: null }, 'alg is not supported'],
    ['an alg in another case', { alg: 'es256' }, 'alg is not supported'],
    [
      'an alg for another curve',
      { alg: 'ES384' },
      'no supported signature algorithm fits the key and its alg',
    ],
    [
      'an alg for another kind',
      { alg: 'RS256' },
      'no supported signature algorithm fits the key and its alg',
    ],
    ['a use that is null', { use: null }, 'use is not sig'],
    ['padding', { x: `${'A'.repeat(43)}=` }, 'kty, crv or a public member is missing or malformed'],
    ['a coordinate in a list', { x: ['A'] }, 'kty, crv or a public member is missing or malformed'],
  ])('refuses an EC key with %s', (_what, members, unusable) => {
    expect(importJwk({ ...ec, ...members })).toEqual({ unusable });
  });

  it('takes an RSA key that has a crv, which means nothing there', () => {
    expect(imported({ ...rsa, crv: 'P-256' }).algorithms.has('RS256')).toBe(true);
  });
});

describe('importPublicKey', () => {
  it('takes PEM and KeyObjects, of private keys the public half', () => {
    const key = createPublicKey({ key: { ...ec }, format: 'jwk' });
    for (const given of [key, key.export({ type: 'spki', format: 'pem' }) as string]) {
      const { kid, algorithms, key: taken } = importPublicKey(given) as VerificationKey;
      expect({ kid, algorithms: [...algorithms], type: taken.type }).toEqual({
        kid: undefined,
        algorithms: ['ES256'],
        type: 'public',
      });
    }
  });

  it.each(['', 'https://as.example/jwks', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'])(
    'refuses the text %j',
    (text) => {
      expect(importPublicKey(text)).toEqual({ unusable: 'it is not a public key in PEM form' });
    },
  );
});

describe('fitsAlgorithm', () => {
  it('is true for the type and curve of the algorithm alone', () => {
    const { key } = imported(ec);
    expect(fitsAlgorithm(key, 'ES256')).toBe(true);
    expect(fitsAlgorithm(key, 'ES384')).toBe(false);
    expect(fitsAlgorithm(key, 'RS256')).toBe(false);
    expect(fitsAlgorithm(imported(rsa).key, 'PS512')).toBe(true);
    expect(fitsAlgorithm(imported(ed25519).key, 'Ed25519')).toBe(true);
    expect(fitsAlgorithm(imported(ed25519).key, 'ES256')).toBe(false);
  });
});
