/**
 * `npm run conformance`: says how far the tests cover the requirement matrices, and writes docs/conformance.md.
 *
 * Reads the results of the last whole `npm test`. Exit status 1 when the report is refused (see
 * `refusals` in conformance/tally.mjs), 2 when it cannot be made.
 *
 *   --verbose           lists the ids of open rows
 *   --update-baseline   raises the number of covered rows that may not fall again
 *   --break [TEXT]      instead, takes out each rule and step, or those with the text in their name, and fails where no
 *                       test goes red (see conformance/break.mjs); needs no results
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { collectCases } from './conformance/collect.mjs';
import { renderMarkdown, renderText } from './conformance/render.mjs';
import { coveredPerFile, raisedBaseline, refusals, tally } from './conformance/tally.mjs';

const knownFlags = ['--verbose', '--update-baseline'];
const matrixFiles = ['resource-server.json', 'authorization-server.json', 'attacks.json'];
const fromRoot = (path) => new URL(`../${path}`, import.meta.url);
const resultsFile = fromRoot('reports/jest-results.json');
const baselineFile = fromRoot('test/conformance/baseline.json');

const flags = process.argv.slice(2);
if (flags[0] === '--break') {
  const { root, setUp } = await import('./set-up.mjs');
  const { breakEverything } = await import('./conformance/break.mjs');
  if (flags.length > 2) stop('--break takes one text at most, and no other option.');
  setUp();
  process.exit((await breakEverything(root, { only: flags[1] })) === 0 ? 0 : 1);
}
const unknown = flags.filter((flag) => !knownFlags.includes(flag));
if (unknown.length > 0) stop(`Unknown option ${unknown.join(' ')}. Known options: ${knownFlags.join(', ')}`);
if (!existsSync(resultsFile)) stop('There are no test results: run npm test first (the whole suite).');

const matrices = matrixFiles.map((file) => ({
  file,
  requirements: readJson(fromRoot(`test/conformance/requirements/${file}`)),
}));
const input = {
  matrices,
  cases: collectCases(readJson(resultsFile)),
  setAside: readJson(fromRoot('test/conformance/set-aside.json')),
  baseline: readJson(baselineFile),
};

const tallies = tally(input);
console.log(renderText(tallies, { verbose: flags.includes('--verbose') }));

const problems = refusals(input);
if (problems.length > 0) {
  console.error(`\nRefused:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  process.exit(1);
}

mkdirSync(fromRoot('docs'), { recursive: true });
writeFileSync(fromRoot('docs/conformance.md'), renderMarkdown(tallies));
if (flags.includes('--update-baseline')) {
  const raised = raisedBaseline(input.baseline, coveredPerFile(tallies));
  writeFileSync(baselineFile, `${JSON.stringify(raised, null, 2)}\n`);
}

function readJson(url) {
  return JSON.parse(readFileSync(url, 'utf8'));
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
