import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { TokenAlgorithm } from '../../src/mac-algorithms.js';

const crypto = await import('node:crypto');
const timingSafeEqual = jest.fn(crypto.timingSafeEqual);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual }));
const { verifySignature } = await import('../../src/steps/verify-signature.js');

describe('verifySignature with a MAC', () => {
  afterEach(() => {
    timingSafeEqual.mockClear();
  });

  const bytes = crypto.randomBytes(64);
  const secret = crypto.createSecretKey(bytes);
  const input = Buffer.from('header.payload');
  const mac = (digest: string) => crypto.createHmac(digest, bytes).update(input).digest();

  const hashes = [
    ['HS256', 'sha256'],
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ] as const;

  it.each(hashes)(
    '[rfc7518-3.2-constant-time] compares in constant time, and only texts of one length: %s',
    (alg, digest) => {
      const good = mac(digest);
      const wrong = Buffer.from(good);
      wrong[0] = (wrong[0] ?? 0) ^ 1;
      expect(verifySignature(secret, alg, input, good)).toBe(true);
      expect(verifySignature(secret, alg, input, wrong)).toBe(false);
      expect(timingSafeEqual.mock.calls).toEqual([
        [good, good],
        [wrong, good],
      ]);
      for (const length of [0, good.length - 1, good.length + 1]) {
        const other = Buffer.concat([good, good]).subarray(0, length);
        expect(verifySignature(secret, alg, input, other)).toBe(false);
      }
      expect(timingSafeEqual).toHaveBeenCalledTimes(2);
    },
  );

  it.each(hashes)('knows each by its own hash: %s', (alg, digest) => {
    for (const [, other] of hashes) {
      expect(verifySignature(secret, alg, input, mac(other))).toBe(other === digest);
    }
  });

  it('refuses another input, and another secret', () => {
    expect(verifySignature(secret, 'HS256', Buffer.from('header.payloae'), mac('sha256'))).toBe(false);
    const other = crypto.createSecretKey(crypto.randomBytes(64));
    expect(verifySignature(other, 'HS256', input, mac('sha256'))).toBe(false);
  });

  it('takes no public or private key for a secret, and no secret for a public key', () => {
    const { publicKey: pem, privateKey: privatePem } = crypto.generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const publicKey = crypto.createPublicKey(pem);
    const byPublicKey = crypto.createHmac('sha256', pem).update(input).digest();
    expect(verifySignature(publicKey, 'HS256', input, byPublicKey)).toBe(false);
    expect(verifySignature(crypto.createPrivateKey(privatePem), 'HS256', input, byPublicKey)).toBe(false);
    const asymmetric: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA'];
    for (const alg of asymmetric) {
      const attempt = () => verifySignature(secret, alg, input, mac('sha256'));
      expect(resultOf(attempt)).not.toBe(true);
    }
  });
});

function resultOf(attempt: () => boolean): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}
