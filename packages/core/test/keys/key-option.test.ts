import { createPublicKey, createSecretKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { generateSigningJwk, type Jwk } from '@assay/core';
import { fixedClock, publicJwk } from '@assay/testing';
import { defaultKeyPolicy } from '../../src/keys/key-policy.js';
import type { KeySource } from '../../src/keys/key-source.js';
import { keySourceFrom, type KeysOption } from '../../src/settings/key-option.js';
import { keyPolicyFrom } from '../../src/settings/key-policy.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('keySourceFrom', () => {
  let jwk: Jwk;
  beforeAll(async () => {
    jwk = { ...publicJwk(await generateSigningJwk('ES256')), kid: 'k1' };
  });

  /** What was fetched, and the source. The answers are one key set for every URL. */
  function sourceFrom(keys: unknown, owner: object = {}): { fetched: string[]; source: KeySource } {
    const fetched: string[] = [];
    const source = keySourceFrom(
      keys as KeysOption | undefined,
      { issuer: 'https://as.example', option: 'keys', ...owner },
      {
        clock: fixedClock(),
        allowInsecureLoopback: false,
        policy: defaultKeyPolicy,
        onEvent: undefined,
        fetch: (url) => {
          fetched.push(url);
          return Promise.resolve(
            Response.json({ keys: [jwk], issuer: 'https://as.example', jwks_uri: 'https://as.example/jwks' }),
          );
        },
      },
    );
    return { fetched, source };
  }
  const kids = async (source: KeySource, kid: string | undefined = 'k1') =>
    (await source.find({ alg: 'ES256', kid })).map((key) => key.kid);

  it('discovers the keys where the option is left out', async () => {
    const { source, fetched } = sourceFrom(undefined);
    expect(await kids(source)).toEqual(['k1']);
    expect(fetched).toEqual([
      'https://as.example/.well-known/oauth-authorization-server',
      'https://as.example/jwks',
    ]);
  });

  it('fetches a key set, and nothing else, where its URL is given', async () => {
    const { source, fetched } = sourceFrom({ jwksUri: 'https://keys.example/jwks' });
    expect(await kids(source)).toEqual(['k1']);
    expect(fetched).toEqual(['https://keys.example/jwks']);
  });

  it.each([
    ['a JWK', (key: Jwk): unknown => key],
    ['a JWK Set', (key: Jwk): unknown => ({ keys: [key] })],
  ])('fetches nothing where %s is given, and goes by its kid', async (_what, written) => {
    const { source, fetched } = sourceFrom(written(jwk));
    await source.ready();
    expect(source.find({ alg: 'ES256', kid: 'k1' })).toHaveLength(1);
    expect(source.find({ alg: 'ES256', kid: 'k2' })).toEqual([]);
    expect(fetched).toEqual([]);
  });

  it('takes a key without kid for the key of every token, where it was written down', () => {
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    for (const written of [
      publicKey,
      pem,
      { ...jwk, kid: undefined },
      { keys: [{ ...jwk, kid: undefined }] },
    ]) {
      const { source } = sourceFrom(written);
      for (const kid of ['k1', 'any', undefined]) expect(source.find({ alg: 'ES256', kid })).toHaveLength(1);
      expect(source.find({ alg: 'RS256', kid: 'k1' })).toEqual([]);
    }
  });

  it('ties a key without alg to the first algorithm of the issuer that fits it', async () => {
    const rsa = { ...publicJwk(await generateSigningJwk('RS256')), alg: undefined };
    const { source } = sourceFrom(rsa, { algorithms: new Set(['PS256', 'RS256']) });
    expect(source.find({ alg: 'PS256', kid: undefined })).toHaveLength(1);
    expect(source.find({ alg: 'RS256', kid: undefined })).toEqual([]);
  });

  it('asks a source that is given, and checks its answers', async () => {
    const own: KeySource = { find: () => ['no key'] as never, ready: () => Promise.resolve() };
    expect(await kids(sourceFrom(own).source)).toEqual([]);
  });

  it.each([
    ['null', null],
    ['a number', 7],
    ['a list of keys, which has a find of its own', [{ kty: 'EC' }]],
    ['an empty object', {}],
    ['a URL as a text', 'https://as.example/jwks'],
    ['half a source', { find: () => [] }],
  ])('refuses %s', async (_what, keys) => {
    await expectSetupError(() => sourceFrom(keys), {
      option: 'keys',
      problem: 'it is none of the things that keys can be',
      remedy: '{ jwksUri }',
    });
  });

  it.each([
    ['an empty set', { keys: [] }, 'the key set is empty'],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }, 'key 0 cannot verify signatures: kty is oct'],
    ['a text that is no PEM', 'secret', 'key 0 cannot verify signatures'],
    ['a secret KeyObject', createSecretKey(Buffer.alloc(32)), 'key 0 cannot verify signatures'],
    ['a set with a bad key', { keys: [{ kty: 'EC' }] }, 'key 0 cannot verify signatures'],
  ])('refuses %s', async (_what, keys, problem) => {
    await expectSetupError(() => sourceFrom(keys), { option: 'keys', problem, remedy: 'Give' });
  });

  it('refuses a misspelt option beside a URL', async () => {
    await expectSetupError(() => sourceFrom({ jwksUri: 'https://as.example/jwks', ttl: 1 }), {
      option: 'keys.ttl',
      problem: 'there is no such option',
      remedy: 'jwksUri',
    });
  });

  it('refuses a URL that is not https', async () => {
    await expectSetupError(() => sourceFrom({ jwksUri: 'http://127.0.0.1/jwks' }), {
      option: 'keys.jwksUri',
      problem: 'it is not an https URL',
      remedy: 'allowInsecureLoopback: true',
    });
  });
});

describe('keyPolicyFrom', () => {
  it('is the default where nothing is given, or nothing but undefined', () => {
    expect(keyPolicyFrom()).toEqual(defaultKeyPolicy);
    const unset = Object.fromEntries(Object.keys(defaultKeyPolicy).map((name) => [name, undefined]));
    expect(keyPolicyFrom(unset)).toEqual(defaultKeyPolicy);
  });

  it('is what the documentation says by default', () => {
    expect(defaultKeyPolicy).toEqual({
      maximumAgeSeconds: 600,
      refreshAfterSeconds: 300,
      staleIfErrorSeconds: 3600,
      fetchTimeoutMs: 5000,
      maximumBytes: 524_288,
      unknownKidFetchesPerMinute: 6,
    });
  });

  it('starts the refresh in time for a shorter age', () => {
    expect(keyPolicyFrom({ maximumAgeSeconds: 60 })).toMatchObject({ refreshAfterSeconds: 30 });
    expect(keyPolicyFrom({ maximumAgeSeconds: 6000 })).toMatchObject({ refreshAfterSeconds: 300 });
    expect(keyPolicyFrom({ maximumAgeSeconds: 60, refreshAfterSeconds: 60 })).toMatchObject({
      refreshAfterSeconds: 60,
    });
  });

  it('refuses a refresh that would come too late', async () => {
    await expectSetupError(() => keyPolicyFrom({ maximumAgeSeconds: 60, refreshAfterSeconds: 61 }), {
      option: 'keyPolicy.refreshAfterSeconds',
      problem: 'it is above maximumAgeSeconds',
      remedy: 'Refresh before',
    });
  });

  it.each([
    ['maximumAgeSeconds', 1, 86_400],
    ['staleIfErrorSeconds', 0, 86_400],
    ['fetchTimeoutMs', 1, 60_000],
    ['maximumBytes', 1, 16_777_216],
    ['unknownKidFetchesPerMinute', 1, 60],
  ] as const)('takes %s from %i to %i, and nothing else', async (name, least, most) => {
    const withValue = (value: unknown) => keyPolicyFrom({ refreshAfterSeconds: 1, [name]: value });
    for (const value of [least, most]) expect(withValue(value)[name]).toBe(value);
    for (const value of [least - 1, most + 1, NaN, Infinity, '60', null]) {
      await expectSetupError(() => withValue(value), {
        option: `keyPolicy.${name}`,
        problem: `it is not a number from ${String(least)} to ${String(most)}`,
        remedy: String(defaultKeyPolicy[name]),
      });
    }
  });

  it('refuses a misspelt name', async () => {
    await expectSetupError(() => keyPolicyFrom({ maximumAgeSecond: 1 } as never), {
      option: 'keyPolicy.maximumAgeSecond',
      problem: 'there is no such option',
      remedy: 'Did you mean maximumAgeSeconds?',
    });
  });
});
