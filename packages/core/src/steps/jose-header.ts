import { AssayError, type AssayErrorDetails } from '../assay-error.js';
import { decodeBase64url } from '../encoding/base64url.js';
import { isJsonObject, parseStrictJson } from '../encoding/strict-json.js';
import type { JoseHeader } from '../evidence.js';
import type { FailureCode } from '../failures.js';

/**
 * The longest header segment that is looked at: a DPoP proof with an ML-DSA-87 key in its header needs 4.7 thousand.
 * Units: characters.
 */
export const maximumHeaderLength = 6 * 1024;

/**
 * The header that a segment of a JWS or a JWE encodes, the members that we act on checked for type.
 *
 * Error: `token.too-large`, `token.malformed`, `token.duplicate-member`, `token.critical-unknown`.
 * Spec: RFC 7515 section 4; RFC 7516 section 4; RFC 7797 section 7.
 */
export function parseHeader(segment: string): JoseHeader {
  if (segment.length > maximumHeaderLength) throw new AssayError('token.too-large', { claim: 'header' });
  const header = parseJsonSegment(segment, 'header');
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

/**
 * The JSON object that a segment encodes.
 *
 * Error: `token.malformed`, `token.duplicate-member`.
 */
export function parseJsonSegment(segment: string, name: 'header' | 'payload'): Record<string, unknown> {
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

/** Whether a content type says that a JWT is inside (RFC 7519 section 5.2): `JWT`, in any case, also as a media type. */
export function announcesJwt(cty: unknown): boolean {
  return typeof cty === 'string' && /^(application\/)?jwt$/i.test(cty);
}
