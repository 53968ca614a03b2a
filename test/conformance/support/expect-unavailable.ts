import { expect } from '@jest/globals';
import { isAssayError, type FailureCode } from '@assay/core';
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

/** The same for whatever else a verification needs: the verifier throws exactly this failure. */
export async function expectUnavailable(api: ProtectedApi, token: string, code: FailureCode): Promise<void> {
  const error: unknown = await api.verifier.verify(token).catch((caught: unknown) => caught);
  expect(isAssayError(error) ? error.code : error).toBe(code);
  await expectKeysUnavailable(api, token);
}
