import type { Algorithm } from '../algorithms.js';
import type { Clock } from '../clock.js';
import { decryptionKeysFrom, type DecryptionKeyOptions } from '../encryption/decryption-keys.js';
import type { KeySource } from '../keys/key-source.js';
import { introspectionResponse } from '../profiles/introspection-response.js';
import { algorithmsFrom } from '../settings/algorithm-list.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import type { VerifierParts } from '../verify-token.js';

/** How signed answers are verified, beside whose they are. */
export interface ResponseJudgingOptions {
  /**
   * The algorithms that are registered for this resource server (`introspection_signed_response_alg`). Default RS256
   * alone.
   *
   * Spec: RFC 9701 section 6.
   */
  readonly algorithms?: readonly Algorithm[];
  /**
   * The keys to which answers are encrypted. Where there are some, encryption was agreed, and an answer that is signed
   * alone is refused. Default: none.
   */
  readonly decryptionKeys?: readonly DecryptionKeyOptions[];
}

/** Whose answers they are, and for whom. */
export interface ResponseOrigin {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly keySource: KeySource;
  readonly leewaySeconds: number;
  readonly maximumAgeSeconds: number;
  readonly clock: Clock;
}

/** How old a signed answer may be. Units: seconds. */
export const defaultMaximumResponseAgeSeconds = 60;

const defaultAlgorithms: readonly Algorithm[] = ['RS256'];

/**
 * The algorithms of signed answers.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9701 section 6.
 */
export function responseAlgorithmsFrom(
  { algorithms = defaultAlgorithms }: ResponseJudgingOptions,
  where: string,
): ReadonlySet<Algorithm> {
  return algorithmsFrom(algorithms, `${where}algorithms`);
}

/**
 * What verifying the signed answers of one issuer needs.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9701 sections 5 and 6.
 */
export function introspectionResponseParts(
  origin: ResponseOrigin,
  options: ResponseJudgingOptions,
  where = '',
): VerifierParts<'introspection-response'> {
  const { issuer: identifier, audiences, keySource, leewaySeconds, maximumAgeSeconds, clock } = origin;
  const issuer: TrustedIssuer = {
    identifier,
    algorithms: responseAlgorithmsFrom(options, where),
    keySource,
    expectations: { audiences, leewaySeconds, maximumAgeSeconds },
  };
  const keys = decryptionKeysFrom(options.decryptionKeys ?? [], `${where}decryptionKeys`);
  return {
    profile: introspectionResponse,
    issuers: new Map([[identifier, issuer]]),
    clock,
    decryption: { keys, required: keys.length > 0 },
  };
}
