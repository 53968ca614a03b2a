import { systemClock } from './clock.js';
import { jwtBearerGrant } from './profiles/jwt-bearer-grant.js';
import {
  assertionIssuerOptionNames,
  assertionIssuersFrom,
  assertionJudgingOptionNames,
  type AssertionIssuerOptions,
  type AssertionJudgingOptions,
} from './settings/assertion-issuers.js';
import { knownOptionsOnly } from './settings/options.js';
import { createVerifier, type Verifier } from './verifier.js';

/** The options of a verifier of grant assertions. */
export interface JwtBearerGrantVerifierOptions extends AssertionJudgingOptions {
  /** Whose assertions are accepted. An unknown `iss` never causes a request. */
  readonly assertionIssuers: readonly AssertionIssuerOptions[];
}

/**
 * A verifier of the JWTs that clients exchange for access tokens, without HTTP. Remembers nothing: single use is the
 * grant acceptor's work.
 *
 * Throws: `SetupError`.
 * Spec: RFC 7523 section 3.
 */
export function createJwtBearerGrantVerifier(
  options: JwtBearerGrantVerifierOptions,
): Verifier<'jwt-bearer-grant'> {
  knownOptionsOnly(options, [...assertionJudgingOptionNames, 'assertionIssuers']);
  const { assertionIssuers, clock = systemClock } = options;
  if (Array.isArray(assertionIssuers)) {
    assertionIssuers.forEach((entry, index) => {
      knownOptionsOnly(entry, assertionIssuerOptionNames, `assertionIssuers[${String(index)}]`);
    });
  }
  const issuers = assertionIssuersFrom(assertionIssuers, options);
  return createVerifier({ profile: jwtBearerGrant, issuers, clock });
}
