import { constants } from 'node:crypto';

/**
 * The signature algorithms we know, as one table: what key each goes with and how it is verified. Adding one is a
 * line here and nothing elsewhere.
 *
 * Spec: RFC 7518 section 3.1; RFC 8037 section 3.1; RFC 9864 section 2.2.
 */
export interface AlgorithmTraits {
  /** JWK key type (RFC 7518 section 6.1). */
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** JWK curve; absent for RSA. */
  readonly crv?: string;
  /** The digest; null where the algorithm brings its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
  /** The only length in bytes that a signature can have; absent where the key's size decides. */
  readonly signatureBytes?: number;
  /** What `node:crypto` needs beside the key. */
  readonly verifyOptions: Readonly<Record<string, unknown>>;
}

const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
// With the salt length pinned to the digest's, OpenSSL refuses any other.
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// Fixed-length R||S, never DER (RFC 7518 section 3.4).
const ecdsa = { dsaEncoding: 'ieee-p1363' };

export const algorithms = {
  RS256: { kty: 'RSA', digest: 'sha256', verifyOptions: pkcs1 },
  RS384: { kty: 'RSA', digest: 'sha384', verifyOptions: pkcs1 },
  RS512: { kty: 'RSA', digest: 'sha512', verifyOptions: pkcs1 },
  PS256: { kty: 'RSA', digest: 'sha256', verifyOptions: pss },
  PS384: { kty: 'RSA', digest: 'sha384', verifyOptions: pss },
  PS512: { kty: 'RSA', digest: 'sha512', verifyOptions: pss },
  ES256: { kty: 'EC', crv: 'P-256', digest: 'sha256', signatureBytes: 64, verifyOptions: ecdsa },
  ES384: { kty: 'EC', crv: 'P-384', digest: 'sha384', signatureBytes: 96, verifyOptions: ecdsa },
  ES512: { kty: 'EC', crv: 'P-521', digest: 'sha512', signatureBytes: 132, verifyOptions: ecdsa },
  EdDSA: { kty: 'OKP', crv: 'Ed25519', digest: null, signatureBytes: 64, verifyOptions: {} },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', digest: null, signatureBytes: 64, verifyOptions: {} },
} as const satisfies Record<string, AlgorithmTraits>;

/** The name of an asymmetric signature algorithm, spelt as in the `alg` header. */
export type Algorithm = keyof typeof algorithms;

/** Every algorithm of the table: the default allow-list. All are asymmetric; `none` and MACs are not in it. */
export const knownAlgorithms = Object.keys(algorithms) as readonly Algorithm[];

/** Whether a text is the exact name of an algorithm of the table. */
export function isKnownAlgorithm(name: string): name is Algorithm {
  return Object.hasOwn(algorithms, name);
}

/** The traits of an algorithm, in the general type. */
export function traitsOf(algorithm: Algorithm): AlgorithmTraits {
  return algorithms[algorithm];
}
