import { AssayError } from '../assay-error.js';
import type { Requirement } from './requirement.js';

/**
 * The issuer says now that the token is active, and for the same subject and client. What it takes away counts on this
 * route: no scope beyond those that both the token and the answer grant.
 *
 * Needs the `introspection` option of the resource server, which asks before any requirement of the route is judged.
 *
 * Error: 401 `token.inactive`, `token.introspection-mismatch`; 503 `service.introspection-unavailable`; 500
 * `service.introspection-not-configured`.
 * Spec: RFC 7662 sections 2 and 4.
 */
export function introspection(): Requirement {
  return {
    description: 'introspection',
    introspection: true,
    // Whoever has not asked has nothing to show, whatever the reason: then nobody passes.
    check: (principal, { introspected }) =>
      introspected === principal ? undefined : new AssayError('service.introspection-not-configured'),
  };
}
