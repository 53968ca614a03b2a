/** Relates the requirement matrices to a test run: which rows are covered, open or set aside, and what is refused. */

/**
 * @typedef {{ id: string, spec?: string, level?: string, rule?: string, attack?: string }} Requirement one row of a matrix
 * @typedef {{ file: string, requirements: Requirement[] }} Matrix
 * @typedef {{ passing: number, failing: number, title: string }} Cases
 * @typedef {Record<string, { reason?: string }>} SetAside
 * @typedef {{ id: string, level: string, text: string, state: 'covered' | 'open' | 'set aside', passing: number, failing: number, reason: string }} Row
 * @typedef {{ spec: string, rows: Row[] }} Specification
 * @typedef {{ file: string, specifications: Specification[] }} Tally
 */

/**
 * Groups each matrix by specification and gives every row its state. A row is covered when at least one test that
 * names it passes and none fails.
 *
 * @param {{ matrices: Matrix[], cases: Map<string, Cases>, setAside: SetAside }} input
 * @returns {Tally[]}
 */
export function tally({ matrices, cases, setAside }) {
  return matrices.map(({ file, requirements }) => {
    const specs = [...new Set(requirements.map(specOf))].sort((a, b) =>
      a.localeCompare(b, 'en', { numeric: true }),
    );
    const specifications = specs.map((spec) => ({
      spec,
      rows: requirements
        .filter((requirement) => specOf(requirement) === spec)
        .map((requirement) => rowOf(requirement, cases.get(requirement.id), setAside[requirement.id])),
    }));
    return { file, specifications };
  });
}

/**
 * How many rows are in each state, and how many passing cases name them.
 *
 * @param {Row[]} rows
 */
export function countsOf(rows) {
  const inState = (state) => rows.filter((row) => row.state === state).length;
  return {
    covered: inState('covered'),
    open: inState('open'),
    setAside: inState('set aside'),
    passing: rows.reduce((sum, row) => sum + row.passing, 0),
  };
}

/**
 * Covered rows per matrix file, the figure that may not fall.
 *
 * @param {Tally[]} tallies
 * @returns {Record<string, number>}
 */
export function coveredPerFile(tallies) {
  return Object.fromEntries(tallies.map((entry) => [entry.file, countsOf(rowsOf(entry)).covered]));
}

/**
 * @param {Tally} entry
 * @returns {Row[]}
 */
export function rowsOf(entry) {
  return entry.specifications.flatMap(({ rows }) => rows);
}

/**
 * What makes the report unacceptable, one sentence each; empty when all is well.
 *
 * @param {{ matrices: Matrix[], cases: Map<string, Cases>, setAside: SetAside, baseline: Record<string, number> }} input
 * @returns {string[]}
 */
export function refusals({ matrices, cases, setAside, baseline }) {
  const ids = matrices.flatMap(({ requirements }) => requirements.map(({ id }) => id));
  const known = new Set(ids);
  const covered = coveredPerFile(tally({ matrices, cases, setAside }));
  return [
    ...ids
      .filter((id, index) => ids.indexOf(id) !== index)
      .map((id) => `The id ${id} stands in the requirements more than once.`),
    ...[...cases]
      .filter(([id]) => !known.has(id))
      .map(([id, { title }]) => `No requirement has the id ${id}, which this test names: ${title}`),
    ...Object.entries(setAside).flatMap(([id, entry]) => setAsideRefusals(id, entry, { known, cases })),
    ...Object.entries(baseline)
      .filter(([file, least]) => (covered[file] ?? 0) < least)
      .map(
        ([file, least]) =>
          `${file}: ${covered[file] ?? 0} rows are covered, fewer than the ${least} of the baseline.`,
      ),
  ];
}

/**
 * The baseline after a good run: never lower than before.
 *
 * @param {Record<string, number>} baseline
 * @param {Record<string, number>} covered
 * @returns {Record<string, number>}
 */
export function raisedBaseline(baseline, covered) {
  return Object.fromEntries(
    Object.entries(covered).map(([file, count]) => [file, Math.max(count, baseline[file] ?? 0)]),
  );
}

function specOf(requirement) {
  return requirement.spec ?? 'Attacks';
}

function rowOf({ id, level, rule, attack }, cases, aside) {
  const { passing, failing } = cases ?? { passing: 0, failing: 0 };
  const covered = passing > 0 && failing === 0;
  return {
    id,
    level: level ?? '',
    text: rule ?? attack ?? '',
    state: aside ? 'set aside' : covered ? 'covered' : 'open',
    passing,
    failing,
    reason: aside?.reason ?? '',
  };
}

function setAsideRefusals(id, entry, { known, cases }) {
  const problems = [];
  if (!known.has(id)) problems.push(`No requirement has the id ${id}, which is set aside.`);
  if (typeof entry.reason !== 'string' || entry.reason.trim() === '')
    problems.push(`${id} is set aside without a reason.`);
  if (cases.has(id)) problems.push(`${id} is set aside, but a test names it: ${cases.get(id).title}`);
  return problems;
}
