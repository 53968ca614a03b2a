/** How much of the first segment is looked at. Units: characters. */
const looked = 64;

/**
 * Whether a token looks like a JWT, signed or encrypted: segments with periods between them, of which the first is the
 * beginning of a JSON object. One that does is judged as one, even if it is malformed: nobody gets around the rules for
 * JWTs by spoiling one.
 *
 * Spec: RFC 7519 section 7.2.
 */
export function isJwtShaped(token: string): boolean {
  const firstEnd = token.indexOf('.');
  if (firstEnd === -1 || !token.includes('.', firstEnd + 1)) return false;
  const start = Buffer.from(token.slice(0, Math.min(firstEnd, looked)), 'base64').toString('latin1');
  return start.trimStart().startsWith('{');
}
