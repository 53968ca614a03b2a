import { isKnownAlgorithm } from '../algorithms.js';
import type { Jwk, JwkSet } from '../keys/fixed-keys.js';
import { importJwk } from '../keys/verification-key.js';
import { SetupError } from '../setup-error.js';
import {
  createJwtSigner,
  type JwtSigner,
  type RemoteSigningKey,
  type SigningKey,
} from '../signing/jwt-signer.js';

/** The keys of an issuer: the first signs, all are published. */
export interface SigningKeys {
  /** The signer. Rejects with `SetupError` when a key turned out not to be one. */
  readonly signer: () => Promise<JwtSigner>;
  /** The public halves, with `kid`, `alg` and `use` (RFC 7517 section 5). */
  readonly publicKeys: () => Promise<JwkSet>;
}

/**
 * The signing keys that an option names.
 *
 * What can be seen at once is judged at once; the rest, while the keys are imported, by the time of the first use.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 section 2.1; RFC 7517 section 5.
 */
export function signingKeysFrom(keys: readonly SigningKey[], option = 'keys'): SigningKeys {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw new SetupError({
      option,
      problem: 'there is no key to sign with',
      remedy: 'Give a private JWK, PEM or KeyObject; generateSigningJwk() makes one for development.',
    });
  }
  keys.forEach((key: SigningKey, index) => {
    requireAsymmetric(key, `${option}[${String(index)}]`);
  });
  requireDistinct(keys.flatMap(statedKid), option);
  const imported = importAll(keys, option);
  // Whoever uses the keys is told; without a user, a rejection must not end the process.
  imported.catch(() => undefined);
  return {
    signer: async () => (await imported).active,
    publicKeys: async () => (await imported).published,
  };
}

async function importAll(
  keys: readonly SigningKey[],
  option: string,
): Promise<{ active: JwtSigner; published: JwkSet }> {
  const signers = await Promise.all(
    keys.map((key, index) => createJwtSigner(key).catch(naming(`${option}[${String(index)}]`))),
  );
  requireDistinct(
    signers.map(({ kid }) => kid),
    option,
  );
  const [active] = signers;
  if (active === undefined) throw new Error('unreachable: there is at least one key');
  const published = signers.map(({ publicJwk, kid, alg }, index) =>
    publishedJwk(publicJwk, { kid, alg, option: `${option}[${String(index)}]` }),
  );
  return { active, published: Object.freeze({ keys: Object.freeze(published) }) };
}

function requireAsymmetric(key: SigningKey, option: string): void {
  const { kty, alg } = (typeof key === 'object' ? key : {}) as Partial<Jwk & RemoteSigningKey>;
  if (kty !== 'oct' && (alg === undefined || isKnownAlgorithm(alg))) return;
  throw new SetupError({
    option,
    problem: 'its algorithm is not an asymmetric one',
    remedy: 'Use a private RSA, EC or Ed25519 key: whoever could check a shared secret could sign with it.',
  });
}

function statedKid(key: SigningKey): readonly string[] {
  const kid: unknown = typeof key === 'object' && 'kid' in key ? key.kid : undefined;
  return typeof kid === 'string' ? [kid] : [];
}

function requireDistinct(kids: readonly string[], option: string): void {
  if (new Set(kids).size === kids.length) return;
  throw new SetupError({
    option,
    problem: 'two keys have the same kid',
    remedy: 'Give each key a kid of its own, or leave kid out: it is then the thumbprint of the key.',
  });
}

function naming(option: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError({ option, problem: 'it cannot sign', remedy: error.remedy }, error);
  };
}

const publicMembers = ['kty', 'crv', 'n', 'e', 'x', 'y', 'pub'];

/** The public members alone, whatever a configured JWK holds beside them. */
function publishedJwk(
  jwk: Jwk | undefined,
  { kid, alg, option }: { kid: string; alg: string; option: string },
): Jwk {
  const members = Object.fromEntries(
    Object.entries(jwk ?? {}).filter(([name]) => publicMembers.includes(name)),
  );
  const published = { ...members, kid, alg, use: 'sig' };
  const key = importJwk(published);
  if (!('unusable' in key)) return Object.freeze(published) as unknown as Jwk;
  throw new SetupError({
    option,
    problem: 'its public half cannot be published',
    remedy:
      'Give publicJwk, the public key as a JWK that fits alg, so that resource servers can verify tokens.',
  });
}
