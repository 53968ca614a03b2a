import type { Algorithm } from '../algorithms.js';
import { createDpopNonces, type DpopNonces } from '../binding/dpop-nonces.js';
import { createProofKeys } from '../binding/proof-keys.js';
import type { ProofPolicy } from '../binding/proof-policy.js';
import type { Clock } from '../clock.js';
import { decodeBase64url } from '../encoding/base64url.js';
import { SetupError } from '../setup-error.js';
import { algorithmsFrom } from './algorithm-list.js';
import { leewayFrom } from './numbers.js';
import { knownOptionsOnly } from './options.js';

/** How DPoP proofs are judged, whatever they are for. */
export interface DpopProofOptions {
  /** The algorithms of proofs. Default: every asymmetric one that is supported. */
  readonly algorithms?: readonly Algorithm[];
  /** How long after its `iat` a proof is accepted. Units: seconds, 1 to 300. Default 60. */
  readonly proofLifetimeSeconds?: number;
}

/** The nonces that a server hands out. No store is needed: whoever knows the secret can judge them. */
export interface DpopNonceOptions {
  /**
   * At least 32 random bytes, as bytes or base64url, the same at every instance. Of several the first makes nonces and all
   * are accepted, so that one can follow another without a pause.
   */
  readonly secrets: readonly (Uint8Array | string)[];
  /** How long a nonce is accepted. Units: seconds, 10 to 3600. Default 300. */
  readonly lifetimeSeconds?: number;
}

/**
 * How proofs are judged.
 *
 * Throws: `SetupError` that names the option, with this prefix.
 */
export function proofPolicyFrom(
  { algorithms, proofLifetimeSeconds = 60 }: DpopProofOptions,
  { leewaySeconds, clock }: { readonly leewaySeconds: number | undefined; readonly clock: Clock },
  prefix = '',
): ProofPolicy {
  return {
    algorithms: algorithmsFrom(algorithms, `${prefix}algorithms`),
    proofLifetimeSeconds: secondsFrom(proofLifetimeSeconds, [1, 300], `${prefix}proofLifetimeSeconds`),
    leewaySeconds: leewayFrom(leewaySeconds),
    keys: createProofKeys(),
    clock,
  };
}

/**
 * The nonces of the server with this name; `undefined` where it demands none.
 *
 * Throws: `SetupError`.
 */
export function noncesFrom(
  nonce: DpopNonceOptions | undefined,
  owner: readonly string[],
  clock: Clock,
): DpopNonces | undefined {
  if (nonce === undefined) return undefined;
  knownOptionsOnly(nonce, ['secrets', 'lifetimeSeconds'] satisfies (keyof DpopNonceOptions)[], 'dpop.nonce');
  return createDpopNonces({
    secrets: secretsFrom(nonce.secrets),
    owner: JSON.stringify(owner),
    lifetimeSeconds: secondsFrom(nonce.lifetimeSeconds ?? 300, [10, 3600], 'dpop.nonce.lifetimeSeconds'),
    clock,
  });
}

function secretsFrom(given: unknown): readonly Uint8Array[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  // Strictly: much of a passphrase is no base64url, and what is left of it would be a short secret.
  const secrets = list.map((secret) => (typeof secret === 'string' ? decodeBase64url(secret) : secret));
  if (secrets.length > 0 && secrets.every((secret) => secret instanceof Uint8Array && secret.length >= 32)) {
    return secrets as readonly Uint8Array[];
  }
  throw new SetupError({
    option: 'dpop.nonce.secrets',
    problem: 'it is not a list of secrets of at least 32 bytes',
    remedy: 'Give [randomBytes(32)], or the same bytes as base64url at every instance.',
  });
}

function secondsFrom(seconds: number, [least, most]: readonly [number, number], option: string): number {
  if (Number.isFinite(seconds) && seconds >= least && seconds <= most) return seconds;
  throw new SetupError({
    option,
    problem: `it is not a number from ${String(least)} to ${String(most)}`,
    remedy: 'Give a number of seconds in that range, or leave the option out.',
  });
}
