import { randomInt } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { isAssayError, type ResourceServer } from '@assay/core';

/** How many inputs all suites try together. `FUZZ_RUNS` sets it; `npm run fuzz` tries 100,000. */
const totalRuns = Number(process.env['FUZZ_RUNS'] ?? 5000);
const fixedSeed = 20_260_101;
const freshSeed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

/** The seeds of every property: one that never changes, and one of this run, to be found in the output. */
export const seeds = [
  ['fixed', fixedSeed],
  ['fresh', freshSeed],
] as const;

/** What became of one request. */
export type Outcome =
  | { readonly accepted: true; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly accepted: false; readonly code: string; readonly status: number };

/** Tries a share of all runs, half of them with each seed. Fails on the first input that does. */
export async function fuzz<Input>(
  inputs: Arbitrary<Input>,
  { share, seed }: { readonly share: number; readonly seed: number },
  check: (input: Input) => Promise<void>,
): Promise<void> {
  const numRuns = Math.ceil((totalRuns * share) / seeds.length);
  await fc.assert(fc.asyncProperty(inputs, check), { numRuns, seed });
}

let slowest = { ms: 0, what: 'nothing' };

/** Judges one request. Whatever is thrown is an `AssayError`, or it is thrown on and the test fails. */
export async function outcomeOf(server: ResourceServer, authorization: readonly string[]): Promise<Outcome> {
  const startedMs = performance.now();
  try {
    const { claims } = await server.authenticate({ method: 'GET', url: '/', headers: { authorization } });
    noteTime(startedMs, 'accepted');
    return { accepted: true, claims };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    noteTime(startedMs, error.code);
    return { accepted: false, code: error.code, status: server.challenge(error).status };
  }
}

function noteTime(startedMs: number, what: string): void {
  const ms = performance.now() - startedMs;
  if (ms > slowest.ms) slowest = { ms, what };
}

/** Says with which seed to run again, and how long the slowest answer took. */
export function tellRun(suite: string): void {
  const told = `${suite}: FUZZ_SEED=${String(freshSeed)}, slowest answer ${slowest.ms.toFixed(1)} ms (${slowest.what})`;
  process.stdout.write(`${told}\n`);
}
