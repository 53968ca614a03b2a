import type { JsonWebKey as NodeJsonWebKey } from 'node:crypto';
import { algorithms, traitsOf, type Algorithm, type AlgorithmTraits } from '../algorithms.js';
import { decodeBase64url } from '../encoding/base64url.js';

type Members = Readonly<Record<string, unknown>>;

/**
 * The members that make the public key of a JWK, each strict base64url and of full length; `undefined` when the
 * kind of key is not supported or a member is missing or malformed. Nothing else is taken over, private members
 * least of all.
 *
 * Spec: RFC 7518 sections 6.2.1 and 6.3.1; RFC 8037 section 2.
 */
export function publicMembersOf(jwk: Members): NodeJsonWebKey | undefined {
  const kind = kindOf(jwk);
  if (kind === undefined) return undefined;
  const { kty, crv, alg, publicMembers } = kind;
  const taken: Record<string, string> = { kty };
  if (crv !== undefined) taken['crv'] = crv;
  if (alg !== undefined) taken['alg'] = alg;
  for (const [name, length] of Object.entries(publicMembers)) {
    const value = jwk[name];
    if (!isBase64url(value, length)) return undefined;
    taken[name] = value;
  }
  return taken;
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

/** Whether a JWK holds more than its public half. */
export function holdsPrivateMembers(jwk: Members): boolean {
  return privateMembers.some((name) => jwk[name] !== undefined);
}

const everyAlgorithm = Object.keys(algorithms) as readonly Algorithm[];

/** What the algorithms that could use the key say of it. Only an AKP key is told by its `alg`. */
function kindOf({ kty, crv, alg }: Members): (AlgorithmTraits & { alg?: Algorithm }) | undefined {
  const name = everyAlgorithm.find((candidate) => {
    const traits = traitsOf(candidate);
    if (traits.kty !== kty) return false;
    return kty === 'AKP' ? candidate === alg : traits.crv === undefined || traits.crv === crv;
  });
  if (name === undefined) return undefined;
  return kty === 'AKP' ? { ...traitsOf(name), alg: name } : traitsOf(name);
}

function isBase64url(value: unknown, length: number | undefined): value is string {
  if (typeof value !== 'string' || value === '') return false;
  const bytes = decodeBase64url(value);
  return bytes !== undefined && (length === undefined || bytes.length === length);
}
