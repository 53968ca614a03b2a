import { authenticationOf, SetupError, type Principal } from '@assay/core';
import type { Request } from 'express';
import { routeName } from './route-name.js';

/**
 * The principal of an authenticated request.
 *
 * Throws: `SetupError` naming the route, where no `protect` ran or authentication was optional and did not happen.
 */
export function principalOf(request: Request): Principal {
  const principal = authenticationOf(request)?.principal;
  if (principal !== undefined) return principal;
  throw new SetupError({
    option: routeName(request),
    problem: 'the request has no principal',
    remedy:
      'Mount protect(…) before the route; where authentication is optional, read request.principal instead.',
  });
}
