import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningJwk, type Jwk } from '@assay/core';
import { AssayError } from '../../src/assay-error.js';
import { checkedKeySource } from '../../src/keys/checked-key-source.js';
import type { KeySource } from '../../src/keys/key-source.js';
import { importJwk, type VerificationKey } from '../../src/keys/verification-key.js';
import { expectRefusal } from '../support/refusal.js';

describe('checkedKeySource', () => {
  let jwk: Jwk;
  let key: VerificationKey;
  beforeAll(async () => {
    jwk = await generateSigningJwk('ES256');
    key = importJwk(jwk) as VerificationKey;
  });

  const sourceOf = (find: () => unknown): KeySource =>
    checkedKeySource({ find: find as KeySource['find'], ready: () => Promise.resolve() });
  const find = (answer: unknown) => sourceOf(() => answer).find({ alg: 'ES256', kid: 'any' });

  it('passes fitting keys on, the very same, at once where they come at once', async () => {
    expect(find([key])).toEqual([key]);
    expect((find([key]) as VerificationKey[])[0]).toBe(key);
    expect(await find(Promise.resolve([key]))).toEqual([key]);
  });

  it.each([undefined, null, '', 'key', 0, {}, new Map()])('takes %p for no key', async (answer) => {
    expect(find(answer)).toEqual([]);
    expect(await find(Promise.resolve(answer))).toEqual([]);
  });

  it('leaves out what is no key, and keys that do not serve or do not fit the algorithm', () => {
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const es256 = new Set(['ES256']);
    const wrong: unknown[] = [
      undefined,
      null,
      '',
      publicKey,
      { kid: 'any', key: publicKey },
      { kid: 'any', algorithms: es256 },
      { kid: 'any', key: 'PEM', algorithms: es256 },
      { kid: 'any', key: publicKey, algorithms: new Set(['RS256']) },
      { kid: 'any', key: createPrivateKey({ key: { ...jwk }, format: 'jwk' }), algorithms: es256 },
      { kid: 'any', key: createSecretKey(Buffer.alloc(32)), algorithms: es256 },
    ];
    expect(find([...wrong, key])).toEqual([key]);
  });

  it('does not believe a source that calls an EC key an RSA key', () => {
    const source = sourceOf(() => [{ ...key, algorithms: new Set(['RS256']) }]);
    expect(source.find({ alg: 'RS256', kid: 'any' })).toEqual([]);
  });

  it('takes four keys at most', () => {
    expect(find([key, key, key, key, key])).toHaveLength(4);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('database down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('database down'))],
  ])('is unavailable where the source %s', async (_how, broken) => {
    const error = await expectRefusal(
      () => sourceOf(broken).find({ alg: 'ES256', kid: 'any' }),
      'service.keys-unavailable',
    );
    expect((error.cause as Error).message).toBe('database down');
    expect(error.message).not.toContain('database');
    const source = checkedKeySource({ find: () => [], ready: broken });
    await expectRefusal(() => source.ready(), 'service.keys-unavailable');
  });

  it('passes on the AssayErrors of the source', async () => {
    const own = new AssayError('service.keys-unavailable', { retryAfterSeconds: 7 });
    const error = await expectRefusal(
      () => sourceOf(() => Promise.reject(own)).find({ alg: 'ES256', kid: 'any' }),
      'service.keys-unavailable',
    );
    expect(error).toBe(own);
  });
});
