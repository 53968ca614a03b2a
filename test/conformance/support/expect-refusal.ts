import { expect } from '@jest/globals';
import { failures, type FailureCode } from '@assay/core';
import type { RawAnswer } from './raw-http.js';

type Scheme = 'bearer' | 'dpop';

/**
 * Expects exactly what the catalogue has for a failure: its status, its texts in the body and in the challenge of one
 * scheme, and challenges for these schemes and no others.
 */
export function expectRefusal(
  answer: RawAnswer,
  code: FailureCode,
  {
    blamed = 'bearer',
    challenged = [blamed],
  }: { readonly blamed?: Scheme; readonly challenged?: readonly Scheme[] } = {},
): void {
  const { status, error, description } = failures[code];
  const texts = { error, error_description: description };
  expect(JSON.parse(answer.body)).toEqual(texts);
  expect(answer.status).toBe(status);
  expect(answer.challenges.map(({ scheme }) => scheme)).toEqual(challenged);
  for (const { scheme, parameters } of answer.challenges) {
    expect(parameters['realm']).toBe('https://api.example');
    if (scheme === blamed) expect(parameters).toMatchObject(texts);
    else expect(parameters['error']).toBeUndefined();
  }
}
