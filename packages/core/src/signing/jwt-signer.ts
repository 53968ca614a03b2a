import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactSign, calculateJwkThumbprint, exportJWK, importJWK, type JWK } from 'jose';
import { isKnownAlgorithm, knownAlgorithms, type Algorithm } from '../algorithms.js';
import { importJwk, type VerificationKey } from '../keys/verification-key.js';
import type { Jwk } from '../keys/fixed-keys.js';
import { SetupError } from '../setup-error.js';

/** A key that signs elsewhere, in a KMS or an HSM. */
export interface RemoteSigningKey {
  readonly alg: Algorithm;
  readonly kid: string;
  /** The JWS signature over the input: for ECDSA the fixed-length R||S form. */
  readonly sign: (input: Uint8Array) => Promise<Uint8Array>;
  /** The public half, where it is to be published. */
  readonly publicJwk?: Jwk;
}

/** A private signing key: a JWK, a PEM text (PKCS #8 or SEC 1), a `KeyObject`, or one that signs elsewhere. */
export type SigningKey = Jwk | string | KeyObject | RemoteSigningKey;

/** Signs JWTs with one key and one algorithm. Shows neither the key nor anything made of it when it is printed. */
export interface JwtSigner {
  readonly alg: Algorithm;
  readonly kid: string;
  /** The public half with `kid`, `alg` and `use`; undefined for a remote key that does not give it. */
  readonly publicJwk: Jwk | undefined;
  /** A compact JWS (RFC 7515 section 7.1) of the claims; `header` adds to `alg` and `kid`. */
  readonly sign: (
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ) => Promise<string>;
}

/** Which of the algorithms that a key can serve, and by which name it is known. */
export interface JwtSignerOptions {
  /** Default: the JWK's `alg`, or the first algorithm that fits the key: RS256, ES256, EdDSA, … */
  readonly alg?: Algorithm;
  /** Default: the JWK's `kid`, or the key's thumbprint (RFC 7638). */
  readonly kid?: string;
}

/**
 * A signer for a private key.
 *
 * Throws: `SetupError` when the key is not a private signing key that is strong enough, or does not fit `alg`.
 */
export async function createJwtSigner(key: SigningKey, options: JwtSignerOptions = {}): Promise<JwtSigner> {
  if (isRemote(key)) return remoteSigner(key);
  const privateKey = await privateKeyOf(key);
  const jwk = isJwk(key) ? key : undefined;
  const publicMembers = await publicJwkOf(privateKey);
  const alg = algorithmOf(importJwk(publicMembers), options.alg ?? jwk?.['alg']);
  const kid =
    options.kid ?? (jwk?.['kid'] as string | undefined) ?? (await calculateJwkThumbprint(publicMembers));
  const signingKey = await importJWK({ ...(privateKey.export({ format: 'jwk' }) as JWK), alg }, alg);
  return {
    alg,
    kid,
    publicJwk: Object.freeze({ ...publicMembers, kid, alg, use: 'sig' }) as Jwk,
    sign: (claims, header) =>
      new CompactSign(bytesOf(claims)).setProtectedHeader({ ...header, alg, kid }).sign(signingKey),
  };
}

function remoteSigner({ alg, kid, sign, publicJwk }: RemoteSigningKey): JwtSigner {
  return {
    alg,
    kid,
    publicJwk,
    sign: async (claims, header) => {
      const segments = [bytesOf({ ...header, alg, kid }), bytesOf(claims)];
      const input = segments.map((bytes) => Buffer.from(bytes).toString('base64url')).join('.');
      const signature = await sign(Buffer.from(input, 'latin1'));
      return `${input}.${Buffer.from(signature).toString('base64url')}`;
    },
  };
}

function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function isRemote(key: SigningKey): key is RemoteSigningKey {
  return typeof key === 'object' && 'sign' in key && typeof key.sign === 'function';
}

function isJwk(key: SigningKey): key is Jwk {
  return typeof key === 'object' && 'kty' in key;
}

const notASigningKey = (problem: string, cause?: unknown) =>
  new SetupError(
    {
      option: 'key',
      problem,
      remedy:
        'Give a private JWK, PEM or KeyObject: RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519.',
    },
    cause,
  );

function privateKeyOf(key: Exclude<SigningKey, RemoteSigningKey>): Promise<KeyObject> {
  return Promise.resolve().then(() => {
    const read = readPrivateKey(key);
    if (read.type !== 'private') throw notASigningKey('it is not a private key');
    return read;
  });
}

function readPrivateKey(key: Exclude<SigningKey, RemoteSigningKey>): KeyObject {
  try {
    if (typeof key === 'string') return createPrivateKey(key);
    return isJwk(key) ? createPrivateKey({ key: { ...key }, format: 'jwk' }) : key;
  } catch {
    // The cause could quote the key.
    throw notASigningKey('it cannot be read as a private key');
  }
}

async function publicJwkOf(privateKey: KeyObject): Promise<JWK> {
  try {
    return await exportJWK(createPublicKey(privateKey));
  } catch (cause) {
    throw notASigningKey('its kind of key is not supported', cause);
  }
}

function algorithmOf(key: VerificationKey | { unusable: string }, wanted: unknown): Algorithm {
  if ('unusable' in key) throw notASigningKey(key.unusable);
  if (wanted === undefined) return knownAlgorithms.find((name) => key.algorithms.has(name)) ?? 'ES256';
  if (typeof wanted === 'string' && isKnownAlgorithm(wanted) && key.algorithms.has(wanted)) return wanted;
  throw new SetupError({
    option: 'alg',
    problem: 'the algorithm does not fit the key',
    remedy: `For this key use ${[...key.algorithms].join(', ')}.`,
  });
}
