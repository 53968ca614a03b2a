import { systemClock } from './clock.js';
import { accessToken } from './profiles/access-token.js';
import { knownOptionsOnly } from './settings/options.js';
import {
  accessTokenOptionNames,
  trustedIssuersFrom,
  type AccessTokenOptions,
} from './settings/trusted-issuers.js';
import { createVerifier, type Verifier } from './verifier.js';

/**
 * A verifier of JWT access tokens, without HTTP.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 section 4.
 */
export function createAccessTokenVerifier(options: AccessTokenOptions): Verifier<'access-token'> {
  knownOptionsOnly(options, accessTokenOptionNames);
  const issuers = trustedIssuersFrom(options);
  return createVerifier({ profile: accessToken, issuers, clock: options.clock ?? systemClock });
}
