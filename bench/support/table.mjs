/** Results as a text table, which is Markdown at the same time. */

const columns = [
  ['measure', ({ title }) => title],
  ['algorithm', ({ alg }) => alg],
  ['verifier', ({ name }) => name],
  ['ratio', ({ ratio }) => ratio.median.toFixed(2)],
  ['quartiles', ({ ratio }) => `${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)}`],
  ['budget', ({ name, budget }) => (name === 'assay' ? budget.toFixed(2) : '')],
  ['µs per token', ({ microseconds }) => microseconds.toFixed(1)],
];

/** @param {Parameters<(typeof columns)[number][1]>[0][]} rows */
export function tableOf(rows) {
  const cells = rows.map((row) => columns.map(([, valueOf]) => valueOf(row)));
  const titles = columns.map(([title]) => title);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column].length)),
  );
  const line = (texts) => `| ${texts.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [line(titles), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
