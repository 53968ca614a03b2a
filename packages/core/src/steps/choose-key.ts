import type { KeyObject } from 'node:crypto';
import { isKnownAlgorithm } from '../algorithms.js';
import { AssayError, isAssayError } from '../assay-error.js';
import type { JoseHeader, UnverifiedToken } from '../evidence.js';
import type { KeyQuery } from '../keys/key-index.js';
import type { KeySource } from '../keys/key-source.js';
import type { VerificationKey } from '../keys/verification-key.js';
import { isMacAlgorithm, type TokenAlgorithm } from '../mac-algorithms.js';
import type { SharedSecret, TrustedIssuer } from '../trusted-issuer.js';

/** An algorithm that the issuer may use, and the keys that may have made the signature. */
export interface ChosenKeys {
  readonly algorithm: TokenAlgorithm;
  readonly candidates: readonly { readonly key: KeyObject }[];
}

/**
 * The issuer's keys that may have signed the token: the algorithm is on the issuer's list before any key is looked
 * for, and a key is a candidate only if it serves that algorithm.
 *
 * Error: `token.algorithm-refused`, `token.key-unknown`, `service.keys-unavailable`.
 * Spec: RFC 8725 section 3.1; RFC 7515 section 4.1.4; RFC 7517 section 4.
 */
export async function chooseKeys(
  { header }: Pick<UnverifiedToken, 'header'>,
  issuer: TrustedIssuer,
): Promise<ChosenKeys> {
  if (issuer.sharedSecret !== undefined) return chooseSecret(header, issuer.sharedSecret);
  const { alg, kid } = header;
  if (!isKnownAlgorithm(alg) || !issuer.algorithms.has(alg)) {
    throw algorithmRefused();
  }
  const found = findCandidates({ alg, kid }, issuer.keySource);
  const candidates = found instanceof Promise ? await found : found;
  if (candidates.length === 0) throw keyUnknown();
  return { algorithm: alg, candidates };
}

/** The secret of an issuer that has no keys: public keys and MACs never meet. */
function chooseSecret({ alg, kid }: JoseHeader, secret: SharedSecret): ChosenKeys {
  if (!isMacAlgorithm(alg) || !secret.algorithms.has(alg)) throw algorithmRefused();
  if (kid !== undefined && secret.kid !== undefined && kid !== secret.kid) throw keyUnknown();
  return { algorithm: alg, candidates: [secret] };
}

function algorithmRefused(): AssayError {
  return new AssayError('token.algorithm-refused', { claim: 'alg', reason: 'mismatch' });
}

function keyUnknown(): AssayError {
  return new AssayError('token.key-unknown', { claim: 'kid', reason: 'mismatch' });
}

// The source may be the application's own: it may go by `kid` alone, and it may fail in its own way. Then we could
// not tell, which is an outage and not a bad token.
function findCandidates(
  query: KeyQuery,
  source: KeySource,
): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
  const fitting = (found: readonly VerificationKey[]) =>
    found.filter(({ algorithms }) => algorithms.has(query.alg));
  try {
    const found = source.find(query);
    return found instanceof Promise ? found.then(fitting).catch(couldNotTell) : fitting(found);
  } catch (error) {
    return couldNotTell(error);
  }
}

function couldNotTell(error: unknown): never {
  throw isAssayError(error) ? error : new AssayError('service.keys-unavailable', { cause: error });
}
