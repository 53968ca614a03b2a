import { isAssayError, type Principal } from '@assay/core';
import type { Protection } from './protection-of.js';

/**
 * The principal that is being established; `undefined` where there is no token and authentication is optional.
 *
 * Error: that of the authentication.
 */
export async function anonymousWhereOptional(
  establishing: Promise<Principal>,
  access: Protection['access'],
): Promise<Principal | undefined> {
  try {
    return await establishing;
  } catch (error) {
    if (access === 'optional' && isAssayError(error, 'request.token-missing')) return undefined;
    throw error;
  }
}
