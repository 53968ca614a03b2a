import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Jwk } from '../keys/fixed-keys.js';
import { minimumRsaBits } from '../keys/verification-key.js';
import { SetupError } from '../setup-error.js';

/** What each key-management algorithm needs of its key. RSA1_5 and PBES2 are not offered. */
const keyManagement = {
  'RSA-OAEP': ['rsa'],
  'RSA-OAEP-256': ['rsa'],
  'RSA-OAEP-384': ['rsa'],
  'RSA-OAEP-512': ['rsa'],
  'ECDH-ES': ['ec', 'x25519'],
  'ECDH-ES+A128KW': ['ec', 'x25519'],
  'ECDH-ES+A192KW': ['ec', 'x25519'],
  'ECDH-ES+A256KW': ['ec', 'x25519'],
  A128KW: [16],
  A192KW: [24],
  A256KW: [32],
  dir: ['content'],
} as const satisfies Record<string, readonly (string | number)[]>;

/** The key length in bytes of each content-encryption algorithm. */
const contentKeyBytes = {
  A128GCM: 16,
  A192GCM: 24,
  A256GCM: 32,
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
} as const satisfies Record<string, number>;

/** A key-management algorithm (RFC 7518 section 4.1) that can be configured. */
export type KeyManagementAlgorithm = keyof typeof keyManagement;

/** A content-encryption algorithm (RFC 7518 section 5.1) that can be configured. */
export type ContentEncryptionAlgorithm = keyof typeof contentKeyBytes;

/** A key that decrypts, with the one pair of algorithms that it serves. */
export interface DecryptionKeyOptions {
  /** A private JWK, a private key in PEM form, a `KeyObject`, or a symmetric `oct` JWK for `dir` and the `A…KW`. */
  readonly key: Jwk | string | KeyObject;
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
  /** Default: the JWK's `kid`. */
  readonly kid?: string;
}

/** A decryption key that was judged usable. */
export interface DecryptionKey {
  readonly key: KeyObject;
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
  readonly kid: string | undefined;
}

/**
 * The decryption keys of some options.
 *
 * Throws: `SetupError` for an unknown algorithm or a key that does not fit its own.
 * Spec: RFC 7516 sections 4.1.1 and 4.1.2; RFC 7518 sections 4 and 5.
 */
export function decryptionKeysFrom(
  entries: readonly DecryptionKeyOptions[],
  option = 'decryptionKeys',
): readonly DecryptionKey[] {
  return entries.map((entry, index) => decryptionKeyFrom(entry, `${option}[${String(index)}]`));
}

function decryptionKeyFrom(
  { key: given, alg, enc, kid }: DecryptionKeyOptions,
  option: string,
): DecryptionKey {
  requireOneOf(Object.keys(keyManagement), alg, `${option}.alg`);
  requireOneOf(Object.keys(contentKeyBytes), enc, `${option}.enc`);
  const key = readKey(given, `${option}.key`);
  if (!fits(key, { alg, enc })) {
    throw new SetupError({
      option: `${option}.key`,
      problem: `the key does not fit ${alg}`,
      remedy:
        'Give a private RSA key of 2048 bits or more, an EC or X25519 key, or a symmetric key of the exact length.',
    });
  }
  const jwkKid = typeof given === 'object' && 'kty' in given ? given['kid'] : undefined;
  return { key, alg, enc, kid: kid ?? (typeof jwkKid === 'string' ? jwkKid : undefined) };
}

function requireOneOf(known: readonly string[], name: string, option: string): void {
  if (known.includes(name)) return;
  throw new SetupError({
    option,
    problem: 'the algorithm is not offered',
    remedy: `Use one of ${known.join(', ')}.`,
  });
}

function readKey(given: DecryptionKeyOptions['key'], option: string): KeyObject {
  try {
    if (typeof given === 'string') return createPrivateKey(given);
    if (!('kty' in given)) return given;
    const { kty, k } = given;
    return kty === 'oct' && typeof k === 'string'
      ? createSecretKey(k, 'base64url')
      : createPrivateKey({ key: { ...given }, format: 'jwk' });
  } catch {
    // The cause could quote the key.
    throw new SetupError({
      option,
      problem: 'it cannot be read as a private or symmetric key',
      remedy: 'Give a private JWK, a private key in PEM form, a KeyObject or an oct JWK.',
    });
  }
}

function fits(key: KeyObject, { alg, enc }: Pick<DecryptionKey, 'alg' | 'enc'>): boolean {
  return keyManagement[alg].some((needed) => {
    if (needed === 'content') return key.symmetricKeySize === contentKeyBytes[enc];
    if (typeof needed === 'number') return key.symmetricKeySize === needed;
    const isStrong = (key.asymmetricKeyDetails?.modulusLength ?? minimumRsaBits) >= minimumRsaBits;
    return key.type === 'private' && key.asymmetricKeyType === needed && isStrong;
  });
}
