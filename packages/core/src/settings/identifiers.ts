import { isSecureUrl } from '../keys/secure-url.js';
import { SetupError } from '../setup-error.js';

/**
 * An issuer identifier: an https URL without query, fragment and white space, or http on loopback where that is allowed.
 *
 * Throws: `SetupError`.
 * Spec: RFC 8414 section 2.
 */
export function issuerFrom(issuer: unknown, option: string, allowInsecureLoopback: boolean): string {
  const refuse = (problem: string, remedy: string) => new SetupError({ option, problem, remedy });
  if (typeof issuer !== 'string' || issuer === '') {
    throw refuse(
      'no issuer is configured',
      "Give the identifier of the authorization server, for instance 'https://as.example'.",
    );
  }
  // The URL parser takes white space away, and the issuer would then match no token.
  if (/[?#\s]/.test(issuer)) {
    throw refuse(
      'an issuer has no query, no fragment and no white space',
      'Give the issuer exactly as its metadata does.',
    );
  }
  if (isSecureUrl(issuer, { allowInsecureLoopback })) return issuer;
  if (isSecureUrl(issuer, { allowInsecureLoopback: true })) {
    throw refuse(
      'plain http is used',
      'Use https, or set allowInsecureLoopback: true for a server on this machine.',
    );
  }
  throw refuse('an issuer is an https URL', "Give a URL such as 'https://as.example'.");
}

/**
 * The identifiers of the resource server: at least one, none empty, none twice.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 section 4; RFC 8725 section 3.9.
 */
export function audiencesFrom(audience: unknown, option: string): readonly string[] {
  const audiences: readonly unknown[] = Array.isArray(audience)
    ? audience
    : audience === undefined
      ? []
      : [audience];
  if (audiences.length === 0) {
    throw new SetupError({
      option,
      problem: 'no audience is configured, so that a token for any other API would pass',
      remedy:
        "Give the identifier of this API as the issuer writes it into aud, for instance 'https://api.example'.",
    });
  }
  return audiences.map((member, index) => {
    if (typeof member === 'string' && member !== '' && audiences.indexOf(member) === index) return member;
    throw new SetupError({
      option,
      problem: `member ${String(index)} is not a string, is empty or stands twice`,
      remedy: 'Give each identifier once, as a non-empty string.',
    });
  });
}
