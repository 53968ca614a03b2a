import { createPrivateKey, createSecretKey, KeyObject } from 'node:crypto';
import { decodeBase64url } from '../encoding/base64url.js';
import type { Jwk } from '../keys/fixed-keys.js';
import { minimumRsaBits } from '../keys/verification-key.js';
import { knownOptionsOnly } from '../settings/options.js';
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

/** P-256, P-384 and P-521, as `node:crypto` calls them (RFC 7518 section 6.2.1.1). */
const agreementCurves = new Set<string | undefined>(['prime256v1', 'secp384r1', 'secp521r1']);

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

const decryptionKeyOptionNames = [
  'key',
  'alg',
  'enc',
  'kid',
] as const satisfies (keyof DecryptionKeyOptions)[];

/**
 * The decryption keys of some options.
 *
 * Throws: `SetupError` for an unknown algorithm or a key that does not fit its own.
 * Spec: RFC 7516 sections 4.1.1 and 4.1.2; RFC 7517 section 4; RFC 7518 sections 4 and 5.
 */
export function decryptionKeysFrom(
  entries: readonly DecryptionKeyOptions[],
  option = 'decryptionKeys',
): readonly DecryptionKey[] {
  if (!Array.isArray(entries)) {
    throw new SetupError({
      option,
      problem: 'it is not a list',
      remedy: 'Give a list of { key, alg, enc }.',
    });
  }
  return entries.map((entry: DecryptionKeyOptions, index) =>
    decryptionKeyFrom(entry, `${option}[${String(index)}]`),
  );
}

function decryptionKeyFrom(entry: DecryptionKeyOptions, option: string): DecryptionKey {
  knownOptionsOnly(entry, decryptionKeyOptionNames, option);
  const { key: given, alg, enc } = entry;
  requireOneOf(Object.keys(keyManagement), alg, `${option}.alg`);
  requireOneOf(Object.keys(contentKeyBytes), enc, `${option}.enc`);
  const key = readKey(given, `${option}.key`);
  const jwk: Partial<Jwk> = isJwk(given) ? given : {};
  const misfit = misuseOf(jwk, alg) ?? misfitOf(key, { alg, enc });
  if (misfit !== undefined) throw new SetupError({ option: `${option}.key`, ...misfit });
  return { key, alg, enc, kid: kidFrom(entry.kid ?? jwk['kid'], `${option}.kid`) };
}

function requireOneOf(known: readonly string[], name: string, option: string): void {
  if (known.includes(name)) return;
  throw new SetupError({
    option,
    problem: 'the algorithm is not offered',
    remedy: `Use one of ${known.join(', ')}.`,
  });
}

function isJwk(given: DecryptionKeyOptions['key']): given is Jwk {
  return typeof given === 'object' && 'kty' in given;
}

function readKey(given: DecryptionKeyOptions['key'], option: string): KeyObject {
  try {
    if (typeof given === 'string') return createPrivateKey(given);
    if (given instanceof KeyObject) return given;
    if (given.kty !== 'oct') return createPrivateKey({ key: { ...given }, format: 'jwk' });
    const bytes = decodeBase64url(given['k'] as string);
    if (bytes !== undefined) return createSecretKey(bytes);
  } catch {
    // The cause could quote the key.
  }
  throw new SetupError({
    option,
    problem: 'it cannot be read as a private or symmetric key',
    remedy: 'Give a private JWK, a private key in PEM form, a KeyObject or an oct JWK.',
  });
}

type Misfit = { readonly problem: string; readonly remedy: string } | undefined;

const decryptingOperations = new Set<unknown>(['decrypt', 'unwrapKey', 'deriveKey', 'deriveBits']);

/** How a JWK says of itself that it is for something else: a key that signs must not decrypt as well. */
function misuseOf({ use, alg: ownAlg, key_ops: operations }: Partial<Jwk>, alg: string): Misfit {
  const remedy = 'Give a key that is for decryption with this algorithm alone.';
  if (use !== undefined && use !== 'enc') return { problem: 'the use of the key is not enc', remedy };
  if (ownAlg !== undefined && ownAlg !== alg) return { problem: `the key is not for ${alg}`, remedy };
  if (operations === undefined) return undefined;
  return Array.isArray(operations) && operations.some((operation) => decryptingOperations.has(operation))
    ? undefined
    : { problem: 'key_ops does not allow decryption', remedy };
}

function misfitOf(key: KeyObject, { alg, enc }: Pick<DecryptionKey, 'alg' | 'enc'>): Misfit {
  if (keyManagement[alg].some((needed) => serves(key, needed, contentKeyBytes[enc]))) return undefined;
  return {
    problem: `the key does not fit ${alg}`,
    remedy:
      'Give a private RSA key of 2048 bits or more, a private key on P-256, P-384, P-521 or X25519, or a symmetric key of the exact length.',
  };
}

function serves(
  { type, symmetricKeySize, asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject,
  needed: string | number,
  contentBytes: number,
): boolean {
  if (needed === 'content') return symmetricKeySize === contentBytes;
  if (typeof needed === 'number') return symmetricKeySize === needed;
  if (type !== 'private' || asymmetricKeyType !== needed) return false;
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails;
  if (needed === 'rsa') return modulusLength >= minimumRsaBits;
  return needed !== 'ec' || agreementCurves.has(namedCurve);
}

function kidFrom(kid: unknown, option: string): string | undefined {
  if (kid === undefined || typeof kid === 'string') return kid;
  throw new SetupError({
    option,
    problem: 'it is not a string',
    remedy: 'Give the kid as the senders write it into the header, or leave it out.',
  });
}
