/**
 * `npm test`: installs and builds what is missing, then runs Jest in ESM mode.
 *
 * Further arguments go to Jest (`npm test -- packages/core`). A run of the whole suite leaves its results in
 * `reports/jest-results.json`, which `npm run conformance` reads; a partial run never overwrites them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, setUp } from './set-up.mjs';

/** Jest options that leave the choice of tests alone. */
const neutralOption =
  /^(--coverage|--verbose|--silent|--ci|--runInBand|-i|--maxWorkers=.+|--forceExit|--detectOpenHandles)$/;

setUp();

const jestArguments = process.argv.slice(2);
const wholeSuite = jestArguments.every((argument) => neutralOption.test(argument));
const results = `reports/${wholeSuite ? 'jest-results.json' : 'jest-results-partial.json'}`;
mkdirSync(join(root, 'reports'), { recursive: true });
rmSync(join(root, results), { force: true });

const jest = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${results}`,
    ...jestArguments,
  ],
  { cwd: root, stdio: 'inherit' },
);

console.log(closingLine(join(root, results)));
process.exitCode = jest.status ?? 1;

/** A suite that could not even be loaded counts as one failure. */
function closingLine(file) {
  const run = readResults(file);
  if (run === undefined) return '0 passed, 1 failed';
  const skipped = run.numPendingTests + run.numTodoTests;
  const failed = run.numFailedTests + run.numRuntimeErrorTestSuites;
  return `${run.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // Jest ended before it had results
  }
}
