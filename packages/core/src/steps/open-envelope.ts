import { compactDecrypt } from 'jose';
import { AssayError, isAssayError, type Reason } from '../assay-error.js';
import { decodeBase64url } from '../encoding/base64url.js';
import type { DecryptionKey } from '../encryption/decryption-keys.js';
import type { JoseHeader, PresentedToken } from '../evidence.js';
import { announcesJwt, parseHeader } from './jose-header.js';
import { maximumTokenLength } from './parse-token.js';

/** What the receiver can decrypt, and whether it insists. */
export interface Decryption {
  readonly keys: readonly DecryptionKey[];
  readonly required: boolean;
}

/** A token that was taken out of its envelope, or that came without one. */
export interface OpenedToken {
  readonly token: PresentedToken;
  /** The header of the envelope; undefined where there was none. */
  readonly envelope: JoseHeader | undefined;
}

/** How many keys are tried for a token that does not name one. */
const maximumCandidates = 4;

/**
 * The signed token inside an encrypted one. A token that is not encrypted passes as it is, unless encryption was
 * agreed. Decrypting proves nothing about who made the token.
 *
 * Algorithms are settled by the key, before anything is decrypted. Every failure is the same failure to the caller.
 *
 * Error: `token.decryption-failed`, `token.encryption-missing`, `token.too-large`, `token.malformed` where nothing can
 * be decrypted.
 * Spec: RFC 7516 sections 5.2, 9 and 11.4; RFC 7519 sections 5.2 and 7.2.
 */
export function openEnvelope(
  presented: PresentedToken,
  { keys, required }: Decryption,
): OpenedToken | Promise<OpenedToken> {
  if (!looksEncrypted(presented)) {
    if (required) throw new AssayError('token.encryption-missing');
    return { token: presented, envelope: undefined };
  }
  if (keys.length === 0) throw new AssayError('token.malformed');
  if (presented.length > maximumTokenLength) throw new AssayError('token.too-large');
  return decrypt(presented, keys);
}

/**
 * What judging a decrypted token returns; whatever is wrong with it becomes the failure that decryption has, with the
 * real one as its cause for the record alone. Outages, and mistakes of our own, stay what they are.
 */
export async function indistinguishably<Result>(judge: () => Promise<Result>): Promise<Result> {
  try {
    return await judge();
  } catch (cause) {
    if (!isAssayError(cause) || cause.failure.fault === 'service') throw cause;
    throw new AssayError('token.decryption-failed', { cause });
  }
}

// Four periods and no more: a long row of dots is not worth counting.
function looksEncrypted(presented: PresentedToken): boolean {
  return typeof (presented as unknown) === 'string' && presented.split('.', 6).length === 5;
}

async function decrypt(presented: PresentedToken, keys: readonly DecryptionKey[]): Promise<OpenedToken> {
  const envelope = readEnvelope(presented);
  const { alg, enc, kid } = envelope;
  const candidates = keys
    .filter((key) => key.alg === alg && key.enc === enc && (kid === undefined || (key.kid ?? kid) === kid))
    .slice(0, maximumCandidates);
  for (const candidate of candidates) {
    const text = await decryptWith(candidate, presented);
    if (text !== undefined) return { token: text as PresentedToken, envelope };
  }
  throw refusal();
}

/** The header of the envelope, if it announces a nested JWT that is not compressed, and all else is base64url. */
function readEnvelope(presented: PresentedToken): JoseHeader {
  const [header = '', ...others] = presented.split('.');
  const envelope = parseEnvelopeHeader(header);
  if (others.some((segment) => decodeBase64url(segment) === undefined)) throw refusal();
  const { cty, zip } = envelope;
  if (!announcesJwt(cty)) throw refusal('cty');
  if (zip !== undefined) throw refusal('zip');
  return envelope;
}

function parseEnvelopeHeader(segment: string): JoseHeader {
  try {
    return parseHeader(segment);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    throw refusal(error.claim, error.reason);
  }
}

function refusal(claim?: string, reason: Reason = 'mismatch'): AssayError {
  return new AssayError('token.decryption-failed', { claim, reason });
}

async function decryptWith({ key, alg, enc }: DecryptionKey, jwe: string): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [enc],
    });
    return Buffer.from(plaintext).toString('latin1');
  } catch {
    // The key fits its algorithms since start-up, so that what fails here is the envelope; which part of it, nobody
    // may learn.
    return undefined;
  }
}
