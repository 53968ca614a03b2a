/**
 * `npm run conformance -- --break`: takes each rule out of its profile, and leaves each step out, one at a time, and sees
 * whether a test notices. The sources are changed in memory, by a Jest transform; nothing on disk is.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdits } from '../../test/conformance/break/edits.mjs';
import { clientBreaks } from '../../test/conformance/break/clients.mjs';
import { dpopBreaks } from '../../test/conformance/break/dpop.mjs';
import { introspectionBreaks } from '../../test/conformance/break/introspection.mjs';
import { metadataBreaks } from '../../test/conformance/break/metadata.mjs';
import { ruleBreaks } from '../../test/conformance/break/rules.mjs';
import { standingBreaks } from '../../test/conformance/break/standing.mjs';
import { stepBreaks } from '../../test/conformance/break/steps.mjs';
import { idsIn } from './collect.mjs';

/** @typedef {import('../../test/conformance/break/rules.mjs').Break} Break */

const everySuite = [
  // Not those under load: they take longest and say least about a single rule.
  'test/conformance/resource-server/(?!keys-under-load)',
  'packages/(core|express|testing)/test',
];

/**
 * Breaks everything whose name holds the text, prints a line for each, and returns how many nobody noticed.
 *
 * @param {string} root
 * @param {{ only?: string }} options
 * @returns {Promise<number>}
 */
export async function breakEverything(root, { only = '' } = {}) {
  const breaks = [
    ...stepBreaks,
    ...dpopBreaks,
    ...standingBreaks,
    ...metadataBreaks,
    ...introspectionBreaks,
    ...clientBreaks,
    ...(await ruleBreaks(root)),
  ].filter(({ name }) => name.includes(only));
  const folder = mkdtempSync(join(tmpdir(), 'assay-break-'));
  const started = Date.now();
  let unnoticed = 0;
  let done = 0;
  console.log(`${'what is broken'.padEnd(74)} red  first row, or test`);
  const waiting = breaks.entries();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const [index, broken] of waiting) {
        const verdict = await judge(broken, { root, folder, file: join(folder, `${index}.json`) });
        if (!verdict.noticed) unnoticed += 1;
        done += 1;
        console.log(`${broken.name.padEnd(74)} ${String(verdict.red).padStart(3)}  ${verdict.text}`);
        if (done % 20 === 0) console.error(`${done} of ${breaks.length} after ${seconds(started)} s`);
      }
    }),
  );
  rmSync(folder, { recursive: true });
  console.log(`\n${breaks.length} broken one at a time, ${unnoticed} unnoticed, ${seconds(started)} s`);
  return breaks.length === 0 ? 1 : unnoticed;
}

/** The closest suites first; only when they stay green, all of them. */
async function judge(broken, { root, folder, file }) {
  const problem = outOfDate(broken, root);
  if (problem !== undefined) return unjudged(`out of date, ${problem}`);
  let best = { noticed: false, red: 0, text: 'NOBODY NOTICED' };
  for (const suites of [broken.suites, everySuite]) {
    const run = await runJest(broken, { root, suites, file, bail: suites === broken.suites });
    if (run === undefined) return unjudged('Jest ended without results');
    best = verdictOn(await confirmed(run, { root, folder }), broken);
    if (best.noticed) return best;
  }
  return best;
}

/** The run without those red tests that are red without the break as well: they say nothing about it. */
async function confirmed(run, { root, folder }) {
  if (run.red.length === 0 || run.notLoaded.length > 0) return run;
  const redAnyway = (
    await Promise.all(run.redSuites.map((suite) => redWithoutBreak(suite, { root, folder })))
  ).flat();
  return { ...run, red: run.red.filter((title) => !redAnyway.includes(title)) };
}

/** The runs of suites without any break, each made once. */
const unbrokenRuns = new Map();

function redWithoutBreak(suite, { root, folder }) {
  if (!unbrokenRuns.has(suite)) {
    const file = join(folder, `unbroken-${unbrokenRuns.size}.json`);
    const run = runJest({ edits: [] }, { root, suites: [suite], file });
    unbrokenRuns.set(
      suite,
      run.then((results) => results?.red ?? []),
    );
  }
  return unbrokenRuns.get(suite);
}

function outOfDate({ edits }, root) {
  try {
    for (const edit of edits) applyEdits(readFileSync(join(root, edit.file), 'utf8'), [edit]);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

function verdictOn({ red, notLoaded, passed }, { rowRequired }) {
  // A break that stops the code from loading proves nothing.
  if (notLoaded.length > 0) return unjudged(firstLine(notLoaded[0]));
  if (red.length + passed === 0) return unjudged('there are no such tests');
  const [row] = red.flatMap(idsIn);
  if (row !== undefined) return { noticed: true, red: red.length, text: row };
  if (red.length === 0) return { noticed: false, red: 0, text: 'NOBODY NOTICED' };
  const text = red[0].slice(0, 100);
  return rowRequired
    ? { noticed: false, red: red.length, text: `NO ROW, only: ${text}` }
    : { noticed: true, red: red.length, text };
}

function unjudged(why) {
  return { noticed: false, red: 0, text: `NOT JUDGED: ${why}` };
}

function firstLine(text) {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

function runJest({ edits }, { root, suites, file, bail = false }) {
  rmSync(file, { force: true });
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--config=test/conformance/break/jest.config.mjs',
      '--runInBand',
      '--silent',
      ...(bail ? ['--bail'] : []),
      ...suites,
    ],
    {
      cwd: root,
      stdio: 'ignore',
      env: { ...process.env, ASSAY_BREAK: JSON.stringify(edits), ASSAY_BREAK_RESULTS: file },
    },
  );
  return new Promise((resolve) => {
    jest.on('close', () => {
      try {
        resolve(JSON.parse(readFileSync(file, 'utf8')));
      } catch {
        resolve(undefined);
      }
    });
  });
}

function seconds(started) {
  return Math.round((Date.now() - started) / 1000);
}
