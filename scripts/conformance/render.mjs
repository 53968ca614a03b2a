/** Writes the tally for people: a table for the terminal and a Markdown page. */
import { countsOf, rowsOf } from './tally.mjs';

/** @typedef {import('./tally.mjs').Tally} Tally */

const titles = {
  'resource-server.json': 'Resource server and other JWT consumers',
  'authorization-server.json': 'Authorization server',
  'attacks.json': 'Attacks',
};
const columns = ['covered', 'open', 'set aside', 'passing cases'];

/**
 * A table per matrix, a line per specification; with `verbose`, the open ids under each.
 *
 * @param {Tally[]} tallies
 * @param {{ verbose?: boolean }} [options]
 * @returns {string}
 */
export function renderText(tallies, { verbose = false } = {}) {
  return tallies
    .map((entry) => {
      const lines = entry.specifications.flatMap(({ spec, rows }) => [
        textLine(spec, figures(rows)),
        ...(verbose ? openIds(rows) : []),
      ]);
      return [textLine(titleOf(entry), columns), ...lines, textLine('total', figures(rowsOf(entry)))].join(
        '\n',
      );
    })
    .join('\n\n');
}

/**
 * The conformance page. The same input gives the same text, so that a change in it is a change in conformance.
 *
 * @param {Tally[]} tallies
 * @returns {string}
 */
export function renderMarkdown(tallies) {
  return (
    [
      '# Conformance',
      'Written by `npm run conformance` from the results of `npm test`; do not edit by hand. The requirements are in ' +
        '`test/conformance/requirements/`. A row is **covered** when at least one passing test names its id and no failing ' +
        'test does, **open** until then, and **set aside** when it does not apply, with the reason.',
      markdownTable(
        ['Requirements', ...columns],
        tallies.map((entry) => [titleOf(entry), ...figures(rowsOf(entry))]),
      ),
      ...tallies.flatMap(renderMatrix),
    ].join('\n\n') + '\n'
  );
}

function renderMatrix(entry) {
  return [
    `## ${titleOf(entry)}`,
    markdownTable(
      ['Specification', ...columns],
      entry.specifications.map(({ spec, rows }) => [spec, ...figures(rows)]),
    ),
    ...entry.specifications.flatMap(renderSpecification),
  ];
}

function renderSpecification({ spec, rows }) {
  const inState = (state) => rows.filter((row) => row.state === state);
  return [
    `### ${spec}`,
    ...collapsed(
      'Covered',
      ['id', 'level', 'rule', 'passing cases'],
      inState('covered'),
      (row) => row.passing,
    ),
    ...collapsed('Open', ['id', 'level', 'rule', 'failing cases'], inState('open'), (row) => row.failing),
    ...setAsideTable(inState('set aside')),
  ];
}

function collapsed(summary, headings, rows, lastCell) {
  if (rows.length === 0) return [];
  const table = markdownTable(
    headings,
    rows.map((row) => [`\`${row.id}\``, row.level, row.text, lastCell(row)]),
  );
  return [`<details><summary>${summary}: ${rows.length}</summary>`, table, '</details>'];
}

function setAsideTable(rows) {
  if (rows.length === 0) return [];
  return [
    'Set aside:',
    markdownTable(
      ['id', 'rule', 'why it does not apply'],
      rows.map((row) => [`\`${row.id}\``, row.text, row.reason]),
    ),
  ];
}

function markdownTable(headings, rows) {
  const line = (cells) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeCell(value) {
  return String(value).replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');
}

function figures(rows) {
  const { covered, open, setAside, passing } = countsOf(rows);
  return [covered, open, setAside, passing];
}

function textLine(label, cells) {
  return `${label.padEnd(52)}${cells.map((cell) => String(cell).padStart(15)).join('')}`;
}

function openIds(rows) {
  return rows.filter((row) => row.state === 'open').map((row) => `  open: ${row.id}`);
}

function titleOf({ file }) {
  return titles[file] ?? file;
}
