import { AssayError } from '../assay-error.js';
import { confirmationOf } from '../binding/confirmation.js';
import { reached, type AcceptedToken, type BoundToken } from '../evidence.js';

/**
 * The token, where it is bound to no key. For tokens that come without a request, so that nobody can prove a key: a bound
 * token that was copied must not pass as a plain one.
 *
 * Error: `token.confirmation-unverifiable`.
 * Spec: RFC 7800 section 3; RFC 9449 section 7; RFC 8705 section 3.
 */
export function refuseBound<Kind extends string>(token: AcceptedToken<Kind>): BoundToken<Kind> {
  const { kind } = confirmationOf(token.claims);
  if (kind === 'unbound') return reached<BoundToken<Kind>>(token);
  const reason = kind === 'malformed' ? 'malformed' : 'mismatch';
  throw new AssayError('token.confirmation-unverifiable', { claim: 'cnf', reason, profile: token.kind });
}
