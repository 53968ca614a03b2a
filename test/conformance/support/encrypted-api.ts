import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  randomBytes,
  subtle,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { jest } from '@jest/globals';
import type {
  AccessTokenOptions,
  ContentEncryptionAlgorithm,
  Jwk,
  KeyManagementAlgorithm,
} from '@assay/core';
import { publicJwk } from '@assay/testing';
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose';
import { generateJwk } from './generate-jwk.js';
import { startProtectedApi, type ProtectedApi, type ProtectedApiOptions } from './protected-api.js';

/** The decryption keys of the API under test: one for each way of key management, by `kid`. */
export type KeyName = keyof typeof algorithmsOf;

const algorithmsOf = {
  rsa: { alg: 'RSA-OAEP-256', enc: 'A256GCM' },
  ec: { alg: 'ECDH-ES', enc: 'A256GCM' },
  x25519: { alg: 'ECDH-ES', enc: 'A256GCM' },
  wrapping: { alg: 'A128KW', enc: 'A256GCM' },
  direct: { alg: 'dir', enc: 'A256GCM' },
  cbc: { alg: 'dir', enc: 'A128CBC-HS256' },
} as const satisfies Record<string, { alg: KeyManagementAlgorithm; enc: ContentEncryptionAlgorithm }>;

/** A protected API that decrypts, and what a test needs to encrypt for it. */
export interface EncryptedApi extends ProtectedApi {
  /** The decryption keys, private and symmetric ones, as JWKs. */
  readonly keys: Readonly<Record<KeyName, Jwk>>;
  /** The bytes of a symmetric key. */
  readonly bytesOf: (name: 'wrapping' | 'direct' | 'cbc') => Buffer;
  /** The header of an envelope that is as it should be. */
  readonly header: (name: KeyName) => Record<string, unknown>;
  /** An envelope around a text, made by an independent library; `undefined` leaves a header member out. */
  readonly encrypt: (
    inner: string,
    changes?: { name?: KeyName; header?: Readonly<Record<string, unknown>>; key?: Jwk },
  ) => Promise<string>;
}

/** Starts a protected API with one decryption key of each sort. */
export async function startEncryptedApi(
  settings: Partial<AccessTokenOptions> = {},
  options: Omit<ProtectedApiOptions, 'settings'> = {},
): Promise<EncryptedApi> {
  const secret = (bytes: number): Jwk => ({ kty: 'oct', k: randomBytes(bytes).toString('base64url') });
  const keys = {
    rsa: await generateJwk('RSA 2048'),
    ec: await generateJwk('P-256'),
    x25519: await generateJwk('X25519'),
    wrapping: secret(16),
    direct: secret(32),
    cbc: secret(32),
  };
  const names = Object.keys(algorithmsOf) as KeyName[];
  const decryptionKeys = names.map((name) => ({ key: keys[name], kid: name, ...algorithmsOf[name] }));
  const api = await startProtectedApi({ ...options, settings: { decryptionKeys, ...settings } });
  const header = (name: KeyName) => ({ ...algorithmsOf[name], kid: name, cty: 'JWT' });

  return {
    ...api,
    keys,
    bytesOf: (name) => Buffer.from(keys[name]['k'] as string, 'base64url'),
    header,
    encrypt: (inner, { name = 'rsa', header: changes = {}, key = keys[name] } = {}) => {
      const members: [string, unknown][] = Object.entries({ ...header(name), ...changes });
      return new CompactEncrypt(Buffer.from(inner))
        .setProtectedHeader(
          Object.fromEntries(
            members.filter(([, value]) => value !== undefined),
          ) as unknown as CompactJWEHeaderParameters,
        )
        .encrypt(encryptionKey(key));
    },
  };
}

function encryptionKey(jwk: Jwk): KeyObject | Uint8Array {
  if (jwk.kty === 'oct') return Buffer.from(jwk['k'] as string, 'base64url');
  return createPublicKey({ key: publicJwk(jwk) as JsonWebKey, format: 'jwk' });
}

const keyOperations = ['decrypt', 'unwrapKey', 'deriveBits', 'deriveKey', 'importKey'] as const;

/**
 * Watches everything by which a decryption key could be used: every operation of the Web Cryptography API that takes
 * one, and every way out of a `KeyObject`. Returns how often any of them was called. `jest.restoreAllMocks` ends it.
 */
export function watchKeyOperations({ keys }: EncryptedApi): () => number {
  const spies = [
    ...keyOperations.map((name) => jest.spyOn(subtle, name)),
    ...keyPrototypes(keys).flatMap((prototype) =>
      (['export', 'toCryptoKey'] as const)
        .filter((name) => name in prototype)
        .map((name) => jest.spyOn(prototype, name)),
    ),
  ];
  return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

type KeyMethods = Record<'export' | 'toCryptoKey', () => unknown>;

/** The classes of keys are not exported, so that their methods are found by way of a key of each. */
function keyPrototypes({ rsa, direct }: EncryptedApi['keys']): readonly KeyMethods[] {
  const keys = [
    createPrivateKey({ key: rsa as JsonWebKey, format: 'jwk' }),
    createSecretKey(direct['k'] as string, 'base64url'),
  ];
  return keys.map((key) => Object.getPrototypeOf(key) as KeyMethods);
}
