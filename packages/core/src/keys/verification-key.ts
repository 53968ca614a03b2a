import { createPublicKey, type KeyObject } from 'node:crypto';
import { knownAlgorithms, traitsOf, type Algorithm } from '../algorithms.js';
import { isJsonObject } from '../encoding/strict-json.js';
import { certificateMatchesKey } from './certificate-matches-key.js';
import { usageRefusal } from './key-usage.js';
import { publicMembersOf } from './public-members.js';

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

// OpenSSL verifies nothing with a longer one.
const maximumRsaBits = 16_384;

/**
 * The verification key that a JWK describes.
 *
 * Only public members are read; `use`, `key_ops`, `alg` and `x5c`, where present, must allow verification with this
 * key.
 *
 * Spec: RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2.
 */
export function importJwk(jwk: unknown): ImportedKey {
  if (!isJsonObject(jwk)) return { unusable: 'not a JSON object' };
  const { kty, kid, alg, x5c } = jwk;
  if (kty === 'oct') return { unusable: 'kty is oct: symmetric keys are not published' };
  if (kid !== undefined && typeof kid !== 'string') return { unusable: 'kid is not a string' };
  const refusal = usageRefusal(jwk);
  if (refusal !== undefined) return { unusable: refusal };
  const publicMembers = publicMembersOf(jwk);
  if (publicMembers === undefined) return { unusable: 'kty, crv or a public member is missing or malformed' };
  try {
    const key = createPublicKey({ key: publicMembers, format: 'jwk' });
    if (!certificateMatchesKey(x5c, key)) return { unusable: 'x5c does not hold the same public key' };
    return keyFrom(key, { kid, alg });
  } catch {
    return { unusable: 'the public members do not make a key' };
  }
}

/** The verification key that a PEM text (SPKI, PKCS #1 or X.509) or a `KeyObject` holds. It has no `kid`. */
export function importPublicKey(key: string | KeyObject): ImportedKey {
  try {
    return keyFrom(typeof key === 'string' || key.type === 'private' ? createPublicKey(key) : key);
  } catch {
    return { unusable: 'it is not a public key in PEM form' };
  }
}

/** Whether a key is of the type, curve and size that an algorithm goes with. */
export function fitsAlgorithm(key: KeyObject, name: Algorithm): boolean {
  const { keyType, namedCurve } = traitsOf(name);
  if (key.type !== 'public' || key.asymmetricKeyType !== keyType) return false;
  if (namedCurve !== undefined) return key.asymmetricKeyDetails?.namedCurve === namedCurve;
  return keyType !== 'rsa' || rsaRefusal(key) === undefined;
}

function keyFrom(
  key: KeyObject,
  { kid, alg }: { kid?: string | undefined; alg?: unknown } = {},
): ImportedKey {
  const refusal = rsaRefusal(key);
  if (refusal !== undefined) return { unusable: refusal };
  const fitting = knownAlgorithms.filter(
    (name) => (alg === undefined || alg === name) && fitsAlgorithm(key, name),
  );
  if (fitting.length === 0) return { unusable: 'no supported signature algorithm fits the key and its alg' };
  return { kid, key, algorithms: new Set(fitting) };
}

/** Why an RSA key is too weak or too big; `undefined` for other keys. An exponent of one "verifies" anything. */
function rsaRefusal({ asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength, publicExponent } = asymmetricKeyDetails ?? {};
  if (modulusLength === undefined) return undefined;
  if (modulusLength < minimumRsaBits) return `the RSA modulus is shorter than ${String(minimumRsaBits)} bits`;
  if (modulusLength > maximumRsaBits) return `the RSA modulus is longer than ${String(maximumRsaBits)} bits`;
  if (publicExponent === undefined || publicExponent < 3n || publicExponent % 2n === 0n) {
    return 'the RSA exponent is even or below 3';
  }
  return undefined;
}
