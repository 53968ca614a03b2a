import { expect } from '@jest/globals';
import { AssayError, type AssayErrorDetails } from '../../src/assay-error.js';
import type { FailureCode } from '../../src/failures.js';

/** The error that a call throws, or that its promise is rejected with. Fails when there is none. */
export async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Expects an `AssayError` with exactly this code, reason and claim. */
export async function expectRefusal(
  call: () => unknown,
  code: FailureCode,
  { reason, claim }: Pick<AssayErrorDetails, 'reason' | 'claim'> = {},
): Promise<AssayError> {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(AssayError);
  const refusal = error as AssayError;
  expect({ code: refusal.code, reason: refusal.reason, claim: refusal.claim }).toEqual({
    code,
    reason,
    claim,
  });
  return refusal;
}
