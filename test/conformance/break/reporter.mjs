/** Writes what went red into the file ASSAY_BREAK_RESULTS: when Jest bails out, it leaves no results of its own. */
import { writeFileSync } from 'node:fs';

export default class Reporter {
  onRunComplete(_contexts, { testResults, numPassedTests }) {
    const red = testResults.flatMap((suite) =>
      suite.testResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
    const redSuites = testResults
      .filter(({ numFailingTests }) => numFailingTests > 0)
      .map(({ testFilePath }) => testFilePath);
    const notLoaded = testResults.filter((suite) => suite.testExecError).map((suite) => suite.failureMessage);
    const results = { red, redSuites, notLoaded, passed: numPassedTests };
    writeFileSync(process.env.ASSAY_BREAK_RESULTS, JSON.stringify(results));
  }
}
