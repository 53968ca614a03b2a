import { constants, createPublicKey } from 'node:crypto';

/**
 * The signature algorithms we know, as one table: what key each goes with and how it is verified. Adding one is a
 * line here and nothing elsewhere.
 *
 * Spec: RFC 7518 sections 3.1 and 6; RFC 8037 sections 2 and 3.1; RFC 9864 section 2.2; for ML-DSA FIPS 204 and the
 * AKP key type.
 */
export interface AlgorithmTraits {
  /** JWK key type (RFC 7518 section 6.1). */
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP';
  /** JWK curve; absent for RSA and AKP. */
  readonly crv?: string;
  /** The public members of the JWK, and the only length in bytes that each can have, where it is fixed. */
  readonly publicMembers: Readonly<Record<string, number | undefined>>;
  /** What `node:crypto` calls the type of the key. */
  readonly keyType: string;
  /** What `node:crypto` calls the curve of the key. */
  readonly namedCurve?: string;
  /** The digest; null where the algorithm brings its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  /** The only length in bytes that a signature can have; absent where the key's size decides. */
  readonly signatureBytes?: number;
  /** What `node:crypto` needs beside the key; absent where its defaults for the type of key are right. */
  readonly verifyOptions?: {
    readonly padding?: number;
    readonly saltLength?: number;
    readonly dsaEncoding?: 'ieee-p1363';
  };
}

const rsa = { kty: 'RSA', keyType: 'rsa', publicMembers: { n: undefined, e: undefined } } as const;
// With the salt length pinned to the digest's, OpenSSL refuses any other.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

const ec = { kty: 'EC', keyType: 'ec' } as const;
const p256 = { ...ec, crv: 'P-256', namedCurve: 'prime256v1', publicMembers: { x: 32, y: 32 } } as const;
const p384 = { ...ec, crv: 'P-384', namedCurve: 'secp384r1', publicMembers: { x: 48, y: 48 } } as const;
const p521 = { ...ec, crv: 'P-521', namedCurve: 'secp521r1', publicMembers: { x: 66, y: 66 } } as const;
// Fixed-length R||S, never DER (RFC 7518 section 3.4).
const ecdsa = { dsaEncoding: 'ieee-p1363' } as const;

const okp = { kty: 'OKP', crv: 'Ed25519', keyType: 'ed25519', publicMembers: { x: 32 } } as const;
const ed25519 = { ...okp, digest: null, signatureBytes: 64 } as const;

const akp = { kty: 'AKP', digest: null } as const;

export const algorithms = {
  RS256: { ...rsa, digest: 'sha256' },
  RS384: { ...rsa, digest: 'sha384' },
  RS512: { ...rsa, digest: 'sha512' },
  PS256: { ...rsa, digest: 'sha256', verifyOptions: pss },
  PS384: { ...rsa, digest: 'sha384', verifyOptions: pss },
  PS512: { ...rsa, digest: 'sha512', verifyOptions: pss },
  ES256: { ...p256, digest: 'sha256', signatureBytes: 64, verifyOptions: ecdsa },
  ES384: { ...p384, digest: 'sha384', signatureBytes: 96, verifyOptions: ecdsa },
  ES512: { ...p521, digest: 'sha512', signatureBytes: 132, verifyOptions: ecdsa },
  EdDSA: ed25519,
  Ed25519: ed25519,
  'ML-DSA-44': { ...akp, keyType: 'ml-dsa-44', publicMembers: { pub: 1312 }, signatureBytes: 2420 },
  'ML-DSA-65': { ...akp, keyType: 'ml-dsa-65', publicMembers: { pub: 1952 }, signatureBytes: 3309 },
  'ML-DSA-87': { ...akp, keyType: 'ml-dsa-87', publicMembers: { pub: 2592 }, signatureBytes: 4627 },
} as const satisfies Record<string, AlgorithmTraits>;

/** The name of an asymmetric signature algorithm, spelt as in the `alg` header. */
export type Algorithm = keyof typeof algorithms;

const supported = new Set(Object.keys(algorithms).filter((name) => runtimeHas(name as Algorithm)));

/**
 * Every algorithm of the table that this runtime has: the default allow-list. All are asymmetric; `none` and MACs
 * are not in it. ML-DSA needs Node 24.
 */
export const knownAlgorithms = [...supported] as readonly Algorithm[];

/** Whether a text is the exact name of an algorithm of the table that this runtime has. */
export function isKnownAlgorithm(name: string): name is Algorithm {
  return supported.has(name);
}

/** The traits of an algorithm, in the general type. */
export function traitsOf(algorithm: Algorithm): AlgorithmTraits {
  return algorithms[algorithm];
}

/** Node has had all but the AKP keys since long before the oldest version we support; for those, one is imported. */
function runtimeHas(alg: Algorithm): boolean {
  const { kty, publicMembers } = traitsOf(alg);
  if (kty !== 'AKP') return true;
  const pub = Buffer.alloc(publicMembers['pub'] ?? 0).toString('base64url');
  try {
    createPublicKey({ key: { kty, alg, pub }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
