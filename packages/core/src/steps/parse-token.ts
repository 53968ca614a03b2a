import { AssayError } from '../assay-error.js';
import { decodeBase64url } from '../encoding/base64url.js';
import {
  reached,
  type Claims,
  type JoseHeader,
  type PresentedToken,
  type UnverifiedToken,
} from '../evidence.js';
import { announcesJwt, parseHeader, parseJsonSegment } from './jose-header.js';
import { digestOfToken, fingerprintFrom, type TokenDigest } from './token-digest.js';

/** The longest token that is looked at, unless its kind may be longer. Units: characters. */
export const maximumTokenLength = 16 * 1024;

/**
 * The parts of a compact JWS, none of which may be believed yet.
 *
 * Sizes are judged before anything is decoded.
 *
 * Error: `token.too-large`, `token.malformed`, `token.duplicate-member`, `token.critical-unknown`.
 * Spec: RFC 7519 section 7.2; RFC 7515 sections 4 and 5.2.
 */
export function parseToken(
  token: PresentedToken,
  digest?: TokenDigest,
  maximumLength?: number,
): UnverifiedToken {
  requireTokenLength(token, maximumLength);
  const [headerSegment, payloadSegment, signatureSegment] = segmentsOf(token);
  const header = parseHeader(headerSegment);
  refuseOtherKinds(header);
  const unverifiedClaims: Claims = parseJsonSegment(payloadSegment, 'payload');
  const signature = decodeBase64url(signatureSegment);
  if (signature === undefined) throw new AssayError('token.malformed', { claim: 'signature' });
  return reached<UnverifiedToken>({
    header,
    unverifiedClaims,
    signingInput: token.slice(0, token.lastIndexOf('.')),
    signature,
    fingerprint: fingerprintFrom(digest ?? digestOfToken(token)),
  });
}

/** A JWS whose header speaks of encryption or of a JWT inside it is neither a token nor a layer that we would open. */
function refuseOtherKinds({ enc, cty }: JoseHeader): void {
  if (enc !== undefined) throw new AssayError('token.malformed', { claim: 'enc', reason: 'mismatch' });
  if (announcesJwt(cty)) throw new AssayError('token.malformed', { claim: 'cty', reason: 'mismatch' });
}

/**
 * Whether a text is short enough to be looked at, judged before anything else is done with it.
 *
 * Error: `token.too-large`; `token.malformed` for what is no text.
 */
export function requireTokenLength(token: PresentedToken, maximumLength = maximumTokenLength): void {
  // Callers in JavaScript pass on what a form parser made of a repeated parameter: a list is no token.
  if (typeof (token as unknown) !== 'string') throw new AssayError('token.malformed');
  if (token.length > maximumLength) throw new AssayError('token.too-large');
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
