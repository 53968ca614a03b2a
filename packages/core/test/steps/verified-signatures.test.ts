import { createPublicKey, createSecretKey, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { accessTokenParts } from '../../src/access-token-verifier.js';
import type { PresentedToken, VerifiedToken } from '../../src/evidence.js';
import type { KeySource } from '../../src/keys/key-source.js';
import { importJwk, type VerificationKey } from '../../src/keys/verification-key.js';
import {
  verifiedSignatures,
  type VerifiedSignature,
  type VerifiedSignatures,
} from '../../src/steps/verified-signatures.js';
import type { TrustedIssuer, TrustedIssuers } from '../../src/trusted-issuer.js';
import { verifyToken, type VerifierParts } from '../../src/verify-token.js';
import { expectRefusal } from '../support/refusal.js';

describe('verifiedSignatures', () => {
  const entry = (claims: Record<string, unknown> = {}): VerifiedSignature => ({
    verified: { header: { alg: 'ES256' }, claims, issuer: 'i', fingerprint: 'f' } as unknown as VerifiedToken,
    issuer: {} as TrustedIssuer,
    key: createSecretKey(Buffer.alloc(32)),
  });

  it('finds what it was told, and nothing else', () => {
    const signatures = verifiedSignatures();
    const { issuer, key, verified } = entry({ sub: 'user-1' });
    signatures.remember('a', 100, { issuer, key, verified });
    expect(signatures.find('a')).toMatchObject({ issuer, key, verified });
    expect(signatures.find('b')).toBeUndefined();
  });

  it('closes what it holds to change, however deep', () => {
    const signatures = verifiedSignatures();
    const claims = { nested: { list: [{ a: 1 }] } };
    signatures.remember('a', 100, entry(claims));
    expect(() => (claims.nested.list[0] = { a: 2 })).toThrow(TypeError);
    expect(() => Object.assign(claims.nested.list[0] ?? {}, { a: 2 })).toThrow(TypeError);
    expect(() => Object.assign(signatures.find('a')?.verified.header ?? {}, { alg: 'none' })).toThrow(
      TypeError,
    );
  });

  it('never holds more entries than it may, and keeps those that are used', () => {
    const signatures = verifiedSignatures({ maximumEntries: 10, maximumCharacters: 1e6 });
    signatures.remember('used', 1, entry());
    for (let count = 0; count < 1000; count++) {
      signatures.remember(String(count), 1, entry());
      signatures.find('used');
      expect(signatures.size()).toBeLessThanOrEqual(10);
    }
    expect(signatures.find('used')).toBeDefined();
    expect(signatures.find('0')).toBeUndefined();
  });

  it('never holds longer tokens than it may, all taken together', () => {
    const signatures = verifiedSignatures({ maximumEntries: 1000, maximumCharacters: 1000 });
    for (let count = 0; count < 100; count++) signatures.remember(String(count), 100, entry());
    expect(signatures.size()).toBeLessThanOrEqual(10);
    expect(signatures.size()).toBeGreaterThan(3);
  });

  it('[attack-16-verified-token-cache-faults] holds the memory of 100,000 tokens down to its limit', () => {
    const signatures = verifiedSignatures();
    const heapMiB = () => process.memoryUsage().heapUsed / 1024 / 1024;
    const before = heapMiB();
    let largest = 0;
    for (let count = 0; count < 100_000; count++) {
      const claims = {
        iss: 'https://as.example',
        sub: `user-${String(count)}`,
        jti: randomBytes(16).toString('hex'),
      };
      signatures.remember(`digest-${String(count)}`, 700, entry(claims));
      largest = Math.max(largest, signatures.size());
    }
    expect(largest).toBeLessThanOrEqual(10_000);
    console.log(
      `100,000 tokens: ${String(signatures.size())} remembered, heap ${before.toFixed(1)} to ${heapMiB().toFixed(1)} MiB`,
    );
    expect(signatures.find('digest-0')).toBeUndefined();
    expect(signatures.find('digest-99999')).toBeDefined();
  });
});

describe('a signature that was verified before', () => {
  const clock = fixedClock(1_800_000_000);
  let builder: TokenBuilder;
  let key: VerificationKey;
  let parts: VerifierParts<'access-token'>;
  let hits: number;
  let published: readonly VerificationKey[];

  /** Counts what is found, so that a test knows that it was no new verification that it saw. */
  function counting(signatures: VerifiedSignatures): VerifiedSignatures {
    return {
      ...signatures,
      find(digest) {
        const found = signatures.find(digest);
        if (found !== undefined) hits += 1;
        return found;
      },
    };
  }

  beforeAll(async () => {
    builder = await createTokenBuilder({ clock });
    const imported = importJwk(builder.jwks.keys[0]);
    if ('unusable' in imported) throw new Error(imported.unusable);
    key = imported;
  });

  /** A verifier whose issuer publishes what the test says. */
  function setUp(): void {
    hits = 0;
    published = [key];
    const { issuer, audience } = builder;
    const made = accessTokenParts({ issuer, audience, keys: builder.jwks, clock });
    const keySource: KeySource = {
      find: ({ kid }) => published.filter((candidate) => candidate.kid === kid),
      ready: () => Promise.resolve(),
    };
    const trusted = [...made.issuers.values()].map((named) => ({ ...named, keySource }));
    const issuers: TrustedIssuers = new Map(trusted.map((named) => [named.identifier, named]));
    parts = { ...made, issuers, signatures: counting(verifiedSignatures()) };
  }

  const verify = (token: string, audience?: string) =>
    verifyToken(token as PresentedToken, parts, audience === undefined ? undefined : { audience });

  it('is not verified again', async () => {
    setUp();
    const token = builder.accessToken({ sub: 'user-7' });
    const first = await verify(token);
    const second = await verify(token);
    expect(hits).toBe(1);
    expect(second).toEqual(first);
  });

  it('[attack-16-verified-token-cache-faults] does not keep a token alive beyond its expiry', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token);
    clock.advanceSeconds(309);
    await verify(token);
    clock.advanceSeconds(1);
    await expectRefusal(() => verify(token), 'token.expired', { claim: 'exp', reason: 'mismatch' });
    expect(hits).toBe(2);
    clock.advanceSeconds(-310);
  });

  it('[attack-16-verified-token-cache-faults] does not carry over what a caller did to the result', async () => {
    setUp();
    const token = builder.accessToken({ roles: ['reader'] });
    const { claims } = await verify(token);
    expect(() => (claims['roles'] as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(claims, { sub: 'admin' })).toThrow(TypeError);
    expect((await verify(token)).claims).toMatchObject({ sub: 'user-1', roles: ['reader'] });
    expect(hits).toBe(1);
  });

  it('[attack-16-verified-token-cache-faults] does not help a token whose key the issuer has withdrawn', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token);
    published = [];
    await expectRefusal(() => verify(token), 'token.key-unknown', { claim: 'kid', reason: 'mismatch' });
  });

  it('[attack-16-verified-token-cache-faults] does not help where another key took over the kid', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token);
    const other = (await createTokenBuilder({ clock, kid: String(builder.key['kid']) })).jwks.keys[0];
    published = [{ ...key, key: createPublicKey({ key: { ...other }, format: 'jwk' }) }];
    await expectRefusal(() => verify(token), 'token.signature-invalid');
    expect(hits).toBe(1);
  });

  it('does not help a token whose issuer is no longer the one that was asked', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token);
    const issuers = [...parts.issuers.values()].map((named) => ({
      ...named,
      algorithms: new Set() as never,
    }));
    parts = { ...parts, issuers: new Map(issuers.map((named) => [named.identifier, named])) };
    await expectRefusal(() => verify(token), 'token.algorithm-refused', { claim: 'alg', reason: 'mismatch' });
  });

  it('[attack-16-verified-token-cache-faults] does not vouch for another audience', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token, builder.audience);
    await expectRefusal(() => verify(token, 'https://other.example'), 'token.audience-mismatch', {
      claim: 'aud',
      reason: 'mismatch',
    });
    expect(hits).toBe(1);
  });

  it('vouches for no token that differs in its last bits', async () => {
    setUp();
    const token = builder.accessToken();
    await verify(token);
    const forged = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBA' : 'AAAA'}`;
    await expectRefusal(() => verify(forged), 'token.signature-invalid');
    expect(hits).toBe(0);
  });
});
