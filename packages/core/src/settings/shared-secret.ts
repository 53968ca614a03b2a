import { createSecretKey, KeyObject } from 'node:crypto';
import { decodeBase64url } from '../encoding/base64url.js';
import type { Jwk } from '../keys/fixed-keys.js';
import { isMacAlgorithm, macAlgorithms, type MacAlgorithm } from '../mac-algorithms.js';
import { SetupError } from '../setup-error.js';
import type { SharedSecret } from '../trusted-issuer.js';
import type { PerIssuerOptions } from './issuer-options.js';

/** A secret that the issuer and this resource server share: random bytes, a secret `KeyObject` or an `oct` JWK. */
export type SharedSecretOption = Uint8Array | KeyObject | Jwk;

const exampleRemedy = "Give random bytes, for instance Buffer.from(process.env.TOKEN_SECRET, 'base64').";

/**
 * The secret by which an issuer's tokens are verified, where it has one. Its algorithms are named, they are MACs and
 * nothing else, the secret is long enough for each, and no other key of the issuer stands beside it.
 *
 * Throws: `SetupError`.
 * Spec: RFC 7518 section 3.2; RFC 8725 sections 3.1, 3.2 and 3.5.
 */
export function sharedSecretFrom(entry: PerIssuerOptions, where: string): SharedSecret | undefined {
  const { sharedSecret, algorithms } = entry;
  if (sharedSecret === undefined) {
    refuseMacsWithoutSecret(algorithms, `${where}algorithms`);
    return undefined;
  }
  refuseOtherKeys(entry, where);
  const named = macsOnly(algorithms, `${where}algorithms`);
  const { key, kid } = readSecret(sharedSecret, named, `${where}sharedSecret`);
  for (const name of named) requireLength(key, name, `${where}sharedSecret`);
  return { key, kid, algorithms: new Set(named) };
}

function refuseMacsWithoutSecret(algorithms: unknown, option: string): void {
  const mac = Array.isArray(algorithms) ? algorithms.find(isMacAlgorithm) : undefined;
  if (mac === undefined) return;
  throw new SetupError({
    option,
    problem: `${mac} is not a supported asymmetric algorithm, and there is no secret for it`,
    remedy: 'Name asymmetric algorithms, or give the sharedSecret of the issuer.',
  });
}

function refuseOtherKeys({ keys, requireConsistentMetadata }: PerIssuerOptions, where: string): void {
  const beside =
    keys !== undefined ? 'keys' : requireConsistentMetadata ? 'requireConsistentMetadata' : undefined;
  if (beside === undefined) return;
  throw new SetupError({
    option: `${where}sharedSecret`,
    problem: `it stands beside ${beside}, and a secret must never meet a public key`,
    remedy: 'Keep one of the two.',
  });
}

function macsOnly(algorithms: unknown, option: string): readonly MacAlgorithm[] {
  if (Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isMacAlgorithm))
    return algorithms;
  throw new SetupError({
    option,
    problem: 'it does not name the algorithms of sharedSecret, and those alone',
    remedy: "Name the one that the issuer uses, for instance algorithms: ['HS256'].",
  });
}

interface ReadSecret {
  readonly key: KeyObject;
  readonly kid: string | undefined;
}

function readSecret(secret: unknown, named: readonly MacAlgorithm[], option: string): ReadSecret {
  const refuse = (problem: string) => new SetupError({ option, problem, remedy: exampleRemedy });
  if (typeof secret === 'string') throw refuse('it is a text, as people make them up and others guess them');
  if (secret instanceof KeyObject) {
    if (secret.type !== 'secret') throw refuse('it is not a secret key');
    return { key: secret, kid: undefined };
  }
  if (secret instanceof Uint8Array) return { key: createSecretKey(secret), kid: undefined };
  const { kty, k, kid, use, alg } = Object(secret) as Readonly<Record<string, unknown>>;
  const bytes = kty === 'oct' && typeof k === 'string' ? decodeBase64url(k) : undefined;
  if (bytes === undefined) throw refuse('it is neither bytes nor a secret KeyObject nor an oct JWK');
  if (use !== undefined && use !== 'sig') throw refuse('the use of the JWK is not sig');
  if (alg !== undefined && (named.length !== 1 || named[0] !== alg)) {
    throw refuse('the alg of the JWK is not the one that is named in algorithms');
  }
  if (kid !== undefined && typeof kid !== 'string') throw refuse('the kid of the JWK is not a string');
  return { key: createSecretKey(bytes), kid };
}

function requireLength({ symmetricKeySize = 0 }: KeyObject, name: MacAlgorithm, option: string): void {
  const { bytes } = macAlgorithms[name];
  if (symmetricKeySize >= bytes) return;
  throw new SetupError({
    option,
    problem: `it is shorter than the ${String(bytes)} bytes that ${name} needs`,
    remedy: exampleRemedy,
  });
}
