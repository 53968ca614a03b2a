import { expect } from '@jest/globals';
import { SetupError } from '../../src/setup-error.js';
import { thrownBy } from './refusal.js';

/** Expects a `SetupError` that names this option, says what is wrong with it and what to do. */
export async function expectSetupError(
  call: () => unknown,
  { option, problem, remedy }: { readonly option: string; readonly problem: string; readonly remedy: string },
): Promise<void> {
  const error = await thrownBy(call);
  expect(error).toBeInstanceOf(SetupError);
  const refusal = error as SetupError;
  expect(refusal.option).toBe(option);
  expect(refusal.remedy).toContain(remedy);
  expect(refusal.message).toContain(`${option}: ${problem}`);
  expect(refusal.message).toContain(refusal.remedy);
}
