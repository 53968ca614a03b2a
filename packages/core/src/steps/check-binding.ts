import { AssayError } from '../assay-error.js';
import { reached, type AcceptedToken, type BoundToken } from '../evidence.js';

/**
 * The token, once its confirmation is proven by the request. Proofs are not supported yet, so a token that needs
 * one is refused: a bound token that was copied must not pass as a plain one.
 *
 * Error: `token.confirmation-unverifiable`.
 * Spec: RFC 7800 section 3; RFC 9449 section 7; RFC 8705 section 3.
 */
export function checkBinding<Kind extends string>(token: AcceptedToken<Kind>): BoundToken<Kind> {
  if (token.claims['cnf'] !== undefined) {
    throw new AssayError('token.confirmation-unverifiable', {
      claim: 'cnf',
      reason: 'mismatch',
      profile: token.kind,
    });
  }
  return reached<BoundToken<Kind>>(token);
}
