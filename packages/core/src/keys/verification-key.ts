import { createPublicKey, type JsonWebKey as NodeJsonWebKey, type KeyObject } from 'node:crypto';
import { isKnownAlgorithm, knownAlgorithms, traitsOf, type Algorithm } from '../algorithms.js';
import { decodeBase64url } from '../encoding/base64url.js';
import { isJsonObject } from '../encoding/strict-json.js';

/** A public key that may verify signatures, and for which algorithms. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<Algorithm>;
  readonly key: KeyObject;
}

/** A key, or why it cannot be used. The reason names members, never their values. */
export type ImportedKey = VerificationKey | { readonly unusable: string };

/** RSA keys below this size are refused (RFC 7518 section 3.3). */
export const minimumRsaBits = 2048;

/**
 * The verification key that a JWK describes.
 *
 * Only public members are read; `use`, `key_ops` and `alg`, where present, must allow verification.
 *
 * Spec: RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2.
 */
export function importJwk(jwk: unknown): ImportedKey {
  if (!isJsonObject(jwk)) return { unusable: 'not a JSON object' };
  const refusal = usageRefusal(jwk);
  if (refusal !== undefined) return { unusable: refusal };
  const publicMembers = publicMembersOf(jwk);
  if (publicMembers === undefined) return { unusable: 'kty, crv or a public member is missing or malformed' };
  try {
    return keyFrom(createPublicKey({ key: publicMembers, format: 'jwk' }), jwk['kid'], jwk['alg']);
  } catch {
    return { unusable: 'the public members do not make a key' };
  }
}

/** The verification key that a PEM text (SPKI, PKCS #1 or X.509) or a `KeyObject` holds. */
export function importPublicKey(key: string | KeyObject): ImportedKey {
  try {
    return keyFrom(
      typeof key === 'string' || key.type === 'private' ? createPublicKey(key) : key,
      undefined,
      undefined,
    );
  } catch {
    return { unusable: 'it is not a public key in PEM form' };
  }
}

function keyFrom(key: KeyObject, kid: unknown, alg: unknown): ImportedKey {
  if (kid !== undefined && typeof kid !== 'string') return { unusable: 'kid is not a string' };
  const modulusLength = key.asymmetricKeyDetails?.modulusLength;
  if (modulusLength !== undefined && modulusLength < minimumRsaBits) {
    return { unusable: `the RSA modulus is shorter than ${String(minimumRsaBits)} bits` };
  }
  const fitting = knownAlgorithms.filter((name) => fits(key, name) && (alg === undefined || alg === name));
  if (fitting.length === 0) return { unusable: 'no supported signature algorithm fits the key and its alg' };
  return { kid, key, algorithms: new Set(fitting) };
}

const nodeKeyTypes = { RSA: 'rsa', EC: 'ec', OKP: 'ed25519' } as const;
const nodeCurves: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

function fits(key: KeyObject, name: Algorithm): boolean {
  const { kty, crv } = traitsOf(name);
  if (key.type !== 'public' || key.asymmetricKeyType !== nodeKeyTypes[kty]) return false;
  return kty !== 'EC' || key.asymmetricKeyDetails?.namedCurve === nodeCurves[crv ?? ''];
}

function usageRefusal({ use, key_ops: operations, alg }: Record<string, unknown>): string | undefined {
  if (use !== undefined && use !== 'sig') return 'use is not sig';
  if (alg !== undefined && (typeof alg !== 'string' || !isKnownAlgorithm(alg))) return 'alg is not supported';
  if (operations === undefined) return undefined;
  if (!Array.isArray(operations) || new Set(operations).size !== operations.length)
    return 'key_ops is malformed';
  return operations.includes('verify') ? undefined : 'key_ops does not allow verify';
}

const coordinateBytes: Readonly<Record<string, number>> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  Ed25519: 32,
};

/** The members that make the public key, each strict base64url and of full length; undefined when one is not. */
function publicMembersOf({ kty, crv, n, e, x, y }: Record<string, unknown>): NodeJsonWebKey | undefined {
  if (kty === 'RSA') return isBase64url(n) && isBase64url(e) ? { kty, n, e } : undefined;
  const length =
    typeof crv === 'string' && Object.hasOwn(coordinateBytes, crv) ? coordinateBytes[crv] : undefined;
  if (length === undefined || !isBase64url(x, length)) return undefined;
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x };
  return kty === 'EC' && crv !== 'Ed25519' && isBase64url(y, length)
    ? { kty, crv: crv as string, x, y }
    : undefined;
}

function isBase64url(value: unknown, length?: number): value is string {
  if (typeof value !== 'string' || value === '') return false;
  const bytes = decodeBase64url(value);
  return bytes !== undefined && (length === undefined || bytes.length === length);
}
