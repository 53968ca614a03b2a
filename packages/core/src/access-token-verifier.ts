import { systemClock } from './clock.js';
import { accessToken } from './profiles/access-token.js';
import { decryptionFrom } from './settings/decryption.js';
import { knownOptionsOnly } from './settings/options.js';
import { standingChecksFrom } from './settings/standing.js';
import {
  accessTokenOptionNames,
  trustedIssuersFrom,
  type AccessTokenOptions,
} from './settings/trusted-issuers.js';
import { verifiedSignatures } from './steps/verified-signatures.js';
import { createVerifier, type Verifier } from './verifier.js';
import type { VerifierParts } from './verify-token.js';

/**
 * A verifier of JWT access tokens, without HTTP.
 *
 * Throws: `SetupError`.
 * Spec: RFC 9068 section 4.
 */
export function createAccessTokenVerifier(options: AccessTokenOptions): Verifier<'access-token'> {
  knownOptionsOnly(options, accessTokenOptionNames);
  return createVerifier(accessTokenParts(options));
}

/**
 * What verifying access tokens with some options needs.
 *
 * Throws: `SetupError`.
 */
export function accessTokenParts(options: AccessTokenOptions): VerifierParts<'access-token'> {
  const { clock = systemClock } = options;
  const issuers = trustedIssuersFrom(options);
  return {
    profile: accessToken,
    issuers,
    clock,
    decryption: decryptionFrom(options),
    signatures: options.rememberVerifiedSignatures === false ? undefined : verifiedSignatures(),
    standing: standingChecksFrom(options, {
      issuers,
      clock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    }),
  };
}
