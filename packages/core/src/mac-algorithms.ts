import type { Algorithm } from './algorithms.js';

/**
 * The algorithms by which a shared secret vouches for a token. They stand apart from the signature algorithms, so that
 * no default, no key set and no public key ever meets one of them.
 *
 * Spec: RFC 7518 section 3.2.
 */
export const macAlgorithms = {
  HS256: { digest: 'sha256', bytes: 32 },
  HS384: { digest: 'sha384', bytes: 48 },
  HS512: { digest: 'sha512', bytes: 64 },
} as const satisfies Record<string, { digest: string; bytes: number }>;

/** The name of a MAC algorithm, spelt as in the `alg` header. */
export type MacAlgorithm = keyof typeof macAlgorithms;

/** What can stand in the `alg` header of a token that is accepted. */
export type TokenAlgorithm = Algorithm | MacAlgorithm;

/** Whether a value is the exact name of a MAC algorithm. */
export function isMacAlgorithm(name: unknown): name is MacAlgorithm {
  return typeof name === 'string' && Object.hasOwn(macAlgorithms, name);
}
