/** Finds the requirement ids that a test run names. */

const bracketed = /\[([a-z0-9]+[a-z0-9.]*-[a-z0-9._-]+)\]/g;

/**
 * The requirement ids in a test's full title: bracketed tokens with a hyphen, such as `[rfc9068-4-typ]`.
 *
 * @param {string} title
 * @returns {string[]}
 */
export function idsIn(title) {
  return [...new Set([...title.matchAll(bracketed)].map(([, id]) => id))];
}

/**
 * Counts passing and failing cases per id. A skipped test counts as neither.
 *
 * @param {{ testResults: { assertionResults: { fullName: string, status: string }[] }[] }} run Jest's JSON results
 * @returns {Map<string, { passing: number, failing: number, title: string }>} `title` is the first test that names the id
 */
export function collectCases(run) {
  const cases = new Map();
  for (const { fullName, status } of run.testResults.flatMap((suite) => suite.assertionResults)) {
    for (const id of idsIn(fullName)) {
      const counts = cases.get(id) ?? { passing: 0, failing: 0, title: fullName };
      if (status === 'passed') counts.passing += 1;
      if (status === 'failed') counts.failing += 1;
      cases.set(id, counts);
    }
  }
  return cases;
}
