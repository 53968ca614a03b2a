import type { AuthorizationContext } from '../../src/requirements/requirement.js';
import { nowSeconds } from './evidence.js';

/** What a resource server without leeway tells its requirements at the moment of the tests. */
export function authorizationContext(changes: Partial<AuthorizationContext> = {}): AuthorizationContext {
  return { nowSeconds, leewaySeconds: 0, audiences: ['https://api.example'], ...changes };
}
