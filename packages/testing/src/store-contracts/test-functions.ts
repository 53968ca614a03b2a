import { SetupError } from '@assay/core';

/** What a suite needs of a test runner. Jest, Vitest and `node:test` have it. */
export interface TestFunctions {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * The test functions that were given, or the global ones of this moment.
 *
 * Throws: `SetupError`.
 */
export function testFunctionsFrom(given: TestFunctions | undefined): TestFunctions {
  const runner: object = given ?? globalThis;
  const { describe, it } = runner as Partial<TestFunctions>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new SetupError({
    option: 'testFunctions',
    problem: 'there is no describe and it, neither given nor global',
    remedy: 'Import them from your test runner and pass testFunctions: { describe, it }.',
  });
}
