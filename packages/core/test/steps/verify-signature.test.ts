import {
  constants,
  createPublicKey,
  privateEncrypt,
  createPrivateKey,
  sign,
  type KeyObject,
} from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compactJws, createTokenBuilder } from '@assay/testing';
import type { Algorithm } from '../../src/algorithms.js';
import type { PresentedToken } from '../../src/evidence.js';
import type { Jwk } from '../../src/keys/fixed-keys.js';
import { importJwk, type VerificationKey } from '../../src/keys/verification-key.js';
import { parseToken } from '../../src/steps/parse-token.js';
import { verifySignature, verifyTokenSignature } from '../../src/steps/verify-signature.js';
import type { TrustedIssuer } from '../../src/trusted-issuer.js';
import { expectRefusal } from '../support/refusal.js';

const publicKeyOf = (jwk: Jwk): KeyObject => createPublicKey({ key: { ...jwk }, format: 'jwk' });
const signatureOf = (key: Jwk, alg: Algorithm): Buffer => {
  const token = compactJws({ header: 'h', payload: 'p', key, alg });
  return Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
};
const signed = Buffer.from(
  `${Buffer.from('h').toString('base64url')}.${Buffer.from('p').toString('base64url')}`,
);

const algorithms: readonly Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

// RSA keys take long to make, on a busy machine longer than Jest waits, and each serves six algorithms.
const rsaKeys = Promise.all([newKey('RS256'), newKey('RS256')]);
const slowKeysMs = 60_000;

function keysFor(alg: Algorithm): Promise<[Jwk, Jwk]> {
  return /^[RP]S/.test(alg) ? rsaKeys : Promise.all([newKey(alg), newKey(alg)]);
}

async function newKey(alg: Algorithm): Promise<Jwk> {
  return (await createTokenBuilder({ alg })).key;
}

describe.each(algorithms)('verifySignature with %s', (alg) => {
  let publicKey: KeyObject;
  let signature: Buffer;
  let otherPublicKey: KeyObject;
  beforeAll(async () => {
    const [own, other] = await keysFor(alg);
    publicKey = publicKeyOf(own);
    signature = signatureOf(own, alg);
    otherPublicKey = publicKeyOf(other);
  }, slowKeysMs);

  it('accepts the signature of the key', () => {
    expect(verifySignature(publicKey, alg, signed, signature)).toBe(true);
  });

  it('refuses it for other bytes', () => {
    expect(verifySignature(publicKey, alg, Buffer.from('header.payload'), signature)).toBe(false);
  });

  it('refuses it for another key', () => {
    expect(verifySignature(otherPublicKey, alg, signed, signature)).toBe(false);
  });

  it('refuses it with one bit flipped', () => {
    const flipped = Buffer.from(signature);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    expect(verifySignature(publicKey, alg, signed, flipped)).toBe(false);
  });

  it.each([
    ['nothing', () => Buffer.alloc(0)],
    ['one byte', () => Buffer.alloc(1)],
    ['a byte too few', () => signature.subarray(0, -1)],
    ['a byte too many', () => Buffer.concat([signature, Buffer.alloc(1)])],
    ['zeros', () => Buffer.alloc(signature.length)],
    ['ones', () => Buffer.alloc(signature.length, 0xff)],
    ['far too much', () => Buffer.alloc(9000, 0x41)],
  ])('refuses a signature of %s without throwing', (_what, make) => {
    expect(verifySignature(publicKey, alg, signed, make())).toBe(false);
  });
});

describe('verifySignature', () => {
  it('refuses an ECDSA signature in DER form', async () => {
    const { key } = await createTokenBuilder({ alg: 'ES256' });
    const der = sign('sha256', signed, createPrivateKey({ key: { ...key }, format: 'jwk' }));
    expect(verifySignature(publicKeyOf(key), 'ES256', signed, der)).toBe(false);
  });

  it('refuses a PSS signature whose salt is not as long as the digest', async () => {
    const [key] = await rsaKeys;
    const signature = sign('sha256', signed, {
      key: createPrivateKey({ key: { ...key }, format: 'jwk' }),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 20,
    });
    expect(verifySignature(publicKeyOf(key), 'PS256', signed, signature)).toBe(false);
  });

  it('refuses an RSA signature whose padding has no digest information', async () => {
    const [key] = await rsaKeys;
    const signature = privateEncrypt(createPrivateKey({ key: { ...key }, format: 'jwk' }), Buffer.alloc(32));
    expect(verifySignature(publicKeyOf(key), 'RS256', signed, signature)).toBe(false);
  });
});

describe('verifyTokenSignature', () => {
  const issuer = { identifier: 'https://as.example' } as TrustedIssuer;
  const keyOf = (jwk: Jwk | undefined) => importJwk(jwk) as VerificationKey;

  it('turns the claims into claims that may be believed, and names the issuer', async () => {
    const builder = await createTokenBuilder();
    const token = parseToken(builder.accessToken({ sub: 'user-7' }) as PresentedToken);
    const candidates = [keyOf(builder.jwks.keys[0])];
    expect(verifyTokenSignature(token, issuer, { algorithm: 'ES256', candidates }).verified).toEqual({
      header: token.header,
      claims: token.unverifiedClaims,
      issuer: 'https://as.example',
      fingerprint: token.fingerprint,
    });
  });

  it('tries every candidate', async () => {
    const [builder, other] = await Promise.all([createTokenBuilder(), createTokenBuilder()]);
    const token = parseToken(builder.accessToken() as PresentedToken);
    const candidates = [keyOf(other.jwks.keys[0]), keyOf(builder.jwks.keys[0])];
    const { verified, key } = verifyTokenSignature(token, issuer, { algorithm: 'ES256', candidates });
    expect(verified.claims['sub']).toBe('user-1');
    expect(key).toBe(candidates[1]?.key);
  });

  it('refuses a token that none of the candidates has signed', async () => {
    const [builder, other] = await Promise.all([createTokenBuilder(), createTokenBuilder()]);
    const token = parseToken(builder.accessToken() as PresentedToken);
    const candidates = [keyOf(other.jwks.keys[0])];
    await expectRefusal(
      () => verifyTokenSignature(token, issuer, { algorithm: 'ES256', candidates }),
      'token.signature-invalid',
    );
  });
});
