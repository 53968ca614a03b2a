import { createHash } from 'node:crypto';
import { AssayError, type AssayErrorDetails } from '../assay-error.js';
import { decodeBase64url } from '../encoding/base64url.js';
import { isJsonObject, parseStrictJson } from '../encoding/strict-json.js';
import {
  reached,
  type Claims,
  type JoseHeader,
  type PresentedToken,
  type UnverifiedToken,
} from '../evidence.js';
import type { FailureCode } from '../failures.js';

/** The longest token that is looked at. Units: characters. */
export const maximumTokenLength = 16 * 1024;

/** The longest header segment that is looked at. Units: characters. */
export const maximumHeaderLength = 4 * 1024;

/**
 * The parts of a compact JWS, none of which may be believed yet.
 *
 * Sizes are judged before anything is decoded. Encrypted tokens are malformed here until they are supported.
 *
 * Error: `token.too-large`, `token.malformed`, `token.duplicate-member`, `token.critical-unknown`.
 * Spec: RFC 7519 section 7.2; RFC 7515 sections 4 and 5.2.
 */
export function parseToken(token: PresentedToken): UnverifiedToken {
  // Callers in JavaScript pass on what a form parser made of a repeated parameter: a list is no token.
  if (typeof (token as unknown) !== 'string') throw new AssayError('token.malformed');
  if (token.length > maximumTokenLength) throw new AssayError('token.too-large');
  const [headerSegment, payloadSegment, signatureSegment] = segmentsOf(token);
  if (headerSegment.length > maximumHeaderLength)
    throw new AssayError('token.too-large', { claim: 'header' });
  const header = checkHeader(parseSegment(headerSegment, 'header'));
  const unverifiedClaims: Claims = parseSegment(payloadSegment, 'payload');
  const signature = decodeBase64url(signatureSegment);
  if (signature === undefined) throw new AssayError('token.malformed', { claim: 'signature' });
  return reached<UnverifiedToken>({
    header,
    unverifiedClaims,
    signingInput: token.slice(0, token.lastIndexOf('.')),
    signature,
    fingerprint: fingerprintOf(token),
  });
}

/** A digest that identifies a token and cannot be used as one: SHA-256, cut to 128 bits, base64url. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url');
}

/** Three segments, none empty but perhaps the last: an unsigned token is told apart when its `alg` is judged. */
function segmentsOf(token: string): [header: string, payload: string, signature: string] {
  // One more than allowed is enough to know: a token of dots is not worth a long list.
  const segments = token.split('.', 4);
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || !header || !payload || signature === undefined)
    throw new AssayError('token.malformed');
  return [header, payload, signature];
}

function parseSegment(segment: string, name: 'header' | 'payload'): Record<string, unknown> {
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) throw new AssayError('token.malformed', { claim: name });
  const parsed = parseStrictJson(bytes);
  if ('fault' in parsed) {
    const code = parsed.fault === 'duplicate-member' ? 'token.duplicate-member' : 'token.malformed';
    throw new AssayError(code, { claim: name });
  }
  if (!isJsonObject(parsed.value)) throw new AssayError('token.malformed', { claim: name });
  return parsed.value;
}

function checkHeader(header: Record<string, unknown>): JoseHeader {
  const refuse = (code: FailureCode, claim: string, reason: AssayErrorDetails['reason']): never => {
    throw new AssayError(code, { claim, reason });
  };
  const { alg, kid, crit, b64 } = header;
  if (typeof alg !== 'string') refuse('token.malformed', 'alg', alg === undefined ? 'missing' : 'malformed');
  if (kid !== undefined && typeof kid !== 'string') refuse('token.malformed', 'kid', 'malformed');
  // We understand no extension, so every critical one is unknown (RFC 7515 section 4.1.11), and a JWT never has an
  // unencoded payload (RFC 7797 section 7).
  if (crit !== undefined) refuse('token.critical-unknown', 'crit', 'mismatch');
  if (b64 !== undefined) refuse('token.critical-unknown', 'b64', 'mismatch');
  return header as JoseHeader;
}
