import { AssayError } from '../assay-error.js';
import { reached, type AcceptedToken, type VerifiedToken } from '../evidence.js';
import { standardReading } from '../profiles/claim-reading.js';
import type { Profile } from '../profiles/profile.js';
import type { Expected } from '../rules/rule.js';

/**
 * The token, once it satisfies every rule of the profile. Stops at the first finding.
 *
 * Error: the finding's own code.
 */
export function applyProfile<Kind extends string>(
  token: VerifiedToken,
  profile: Profile<Kind>,
  expected: Expected,
): AcceptedToken<Kind> {
  for (const rule of profile.rules) {
    const finding = rule.check(token, expected);
    if (finding !== undefined) {
      throw new AssayError(finding.code, {
        reason: finding.reason,
        claim: finding.claim,
        profile: profile.name,
      });
    }
  }
  const { kind, reading = standardReading } = profile;
  const { header, claims, issuer, fingerprint } = token;
  return reached<AcceptedToken<Kind>>({ header, claims, issuer, fingerprint, kind, reading });
}
