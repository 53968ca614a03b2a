import { expect } from '@jest/globals';
import type { ProtectedApi } from './protected-api.js';

/**
 * The outcome "503" of the matrices for keys: `Retry-After`, no challenge that would make a client throw its token
 * away, and the handler does not run.
 */
export async function expectKeysUnavailable(api: ProtectedApi, token: string): Promise<void> {
  const before = api.handlerCalls();
  const { status, headers, body } = await api.sendToken(token);
  expect(status).toBe(503);
  expect(headers['retry-after']).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
  expect(headers['www-authenticate']).toBeUndefined();
  expect(JSON.parse(body)).toEqual({
    error: 'temporarily_unavailable',
    error_description: 'The token cannot be verified right now.',
  });
  expect(api.handlerCalls()).toBe(before);
}
