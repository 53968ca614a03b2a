import { AssayError } from '../assay-error.js';
import { reached, type AcceptedToken, type BoundToken } from '../evidence.js';
import { confirmationIsProven } from '../rules/confirmation-is-proven.js';
import type { Expected } from '../rules/rule.js';

/**
 * The token, once whoever presents it has proven the key that it is bound to.
 *
 * Error: `token.confirmation-unverifiable`.
 */
export function checkBinding<Kind extends string>(
  token: AcceptedToken<Kind>,
  expected: Expected,
): BoundToken<Kind> {
  const finding = confirmationIsProven.check(token, expected);
  if (finding === undefined) return reached<BoundToken<Kind>>(token);
  throw new AssayError(finding.code, { claim: finding.claim, reason: finding.reason, profile: token.kind });
}
