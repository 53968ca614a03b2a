import { collectCases, idsIn } from '../../scripts/conformance/collect.mjs';
import { renderMarkdown, renderText } from '../../scripts/conformance/render.mjs';
import { coveredPerFile, raisedBaseline, refusals, tally } from '../../scripts/conformance/tally.mjs';

const matrices = [
  {
    file: 'resource-server.json',
    requirements: [
      { id: 'rfc1-4-typ', spec: 'RFC 1', level: 'MUST', rule: 'The type is named.' },
      { id: 'rfc1-4-aud', spec: 'RFC 1', level: 'MUST', rule: 'The audience is a | b.' },
      { id: 'rfc10-2-size', spec: 'RFC 10', level: 'SHOULD', rule: 'The size is bounded.' },
      { id: 'rfc2-1-old', spec: 'RFC 2', level: 'MAY', rule: 'The old form is read.' },
    ],
  },
  { file: 'attacks.json', requirements: [{ id: 'attack-01-none', attack: 'alg none' }] },
];

type Status = 'passed' | 'failed' | 'pending';

function runOf(...tests: [title: string, status: Status][]) {
  return { testResults: [{ assertionResults: tests.map(([fullName, status]) => ({ fullName, status })) }] };
}

function reportOn(...tests: [title: string, status: Status][]) {
  return { matrices, cases: collectCases(runOf(...tests)), setAside: {}, baseline: {} };
}

function statesOf(input: Parameters<typeof tally>[0]) {
  const rows = tally(input).flatMap(({ specifications }) => specifications.flatMap((entry) => entry.rows));
  return Object.fromEntries(rows.map(({ id, state }) => [id, state]));
}

describe('idsIn', () => {
  it('finds every bracketed id once, wherever it stands', () => {
    expect(idsIn('a [rfc1-4-typ] b [rfc7521-4.2-x_y] c [rfc1-4-typ]')).toEqual([
      'rfc1-4-typ',
      'rfc7521-4.2-x_y',
    ]);
  });

  it('takes other bracketed text for ordinary words', () => {
    expect(idsIn('refuses [1], ["a"], [object Object], [], [Upper-Case], [word] and [ spaced-out ]')).toEqual(
      [],
    );
  });
});

describe('collectCases', () => {
  it('counts passing and failing cases, and a skipped one as neither', () => {
    const cases = collectCases(
      runOf(
        ['[rfc1-4-typ] a', 'passed'],
        ['[rfc1-4-typ] b', 'passed'],
        ['[rfc1-4-typ] c', 'failed'],
        ['[rfc1-4-aud] d', 'pending'],
      ),
    );

    expect(cases.get('rfc1-4-typ')).toEqual({ passing: 2, failing: 1, title: '[rfc1-4-typ] a' });
    expect(cases.get('rfc1-4-aud')).toEqual({ passing: 0, failing: 0, title: '[rfc1-4-aud] d' });
  });

  it('counts one test for every id in its title', () => {
    const cases = collectCases(runOf(['[rfc1-4-typ] [rfc1-4-aud] a', 'passed']));

    expect([...cases.keys()]).toEqual(['rfc1-4-typ', 'rfc1-4-aud']);
  });
});

describe('tally', () => {
  it('covers a row by a passing test', () => {
    expect(statesOf(reportOn(['[rfc1-4-typ] a', 'passed']))).toMatchObject({
      'rfc1-4-typ': 'covered',
      'rfc1-4-aud': 'open',
    });
  });

  it('leaves a row open when one of its tests fails', () => {
    const input = reportOn(['[rfc1-4-typ] a', 'passed'], ['[rfc1-4-typ] b', 'failed']);

    expect(statesOf(input)).toMatchObject({ 'rfc1-4-typ': 'open' });
  });

  it('leaves a row open when its only test is skipped', () => {
    expect(statesOf(reportOn(['[rfc1-4-typ] a', 'pending']))).toMatchObject({ 'rfc1-4-typ': 'open' });
  });

  it('sets a row aside', () => {
    const input = { ...reportOn(), setAside: { 'rfc2-1-old': { reason: 'we never read it' } } };

    expect(statesOf(input)).toMatchObject({ 'rfc2-1-old': 'set aside' });
  });

  it('groups rows by specification in numeric order, and attacks under one name', () => {
    const specs = tally(reportOn()).map(({ specifications }) => specifications.map(({ spec }) => spec));

    expect(specs).toEqual([['RFC 1', 'RFC 2', 'RFC 10'], ['Attacks']]);
  });

  it('counts covered rows per file', () => {
    const tallies = tally(reportOn(['[rfc1-4-typ] [rfc1-4-aud] [attack-01-none] a', 'passed']));

    expect(coveredPerFile(tallies)).toEqual({ 'resource-server.json': 2, 'attacks.json': 1 });
  });
});

describe('refusals', () => {
  it('has nothing against a good run', () => {
    const input = {
      ...reportOn(['[rfc1-4-typ] a', 'passed']),
      setAside: { 'rfc2-1-old': { reason: 'we never read it' } },
      baseline: { 'resource-server.json': 1 },
    };

    expect(refusals(input)).toEqual([]);
  });

  it('refuses an id that no requirement has, and names the test', () => {
    expect(refusals(reportOn(['x [rfc1-4-tpy] a', 'passed']))).toEqual([
      'No requirement has the id rfc1-4-tpy, which this test names: x [rfc1-4-tpy] a',
    ]);
  });

  it('refuses an id that stands in the requirements twice', () => {
    const twice = { file: 'more.json', requirements: [{ id: 'rfc1-4-typ', spec: 'RFC 1' }] };

    expect(refusals({ ...reportOn(), matrices: [...matrices, twice] })).toEqual([
      'The id rfc1-4-typ stands in the requirements more than once.',
    ]);
  });

  it.each([{}, { reason: '' }, { reason: '  ' }])('refuses a row set aside without a reason: %j', (entry) => {
    expect(refusals({ ...reportOn(), setAside: { 'rfc2-1-old': entry } })).toEqual([
      'rfc2-1-old is set aside without a reason.',
    ]);
  });

  it('refuses to set aside an id that no requirement has', () => {
    expect(refusals({ ...reportOn(), setAside: { 'rfc3-1-gone': { reason: 'gone' } } })).toEqual([
      'No requirement has the id rfc3-1-gone, which is set aside.',
    ]);
  });

  it('refuses a row that is set aside and has a test as well', () => {
    const input = {
      ...reportOn(['[rfc2-1-old] a', 'passed']),
      setAside: { 'rfc2-1-old': { reason: 'not ours' } },
    };

    expect(refusals(input)).toEqual(['rfc2-1-old is set aside, but a test names it: [rfc2-1-old] a']);
  });

  it('refuses a number of covered rows below the baseline, and accepts the same number', () => {
    const input = reportOn(['[rfc1-4-typ] a', 'passed']);

    expect(refusals({ ...input, baseline: { 'resource-server.json': 1 } })).toEqual([]);
    expect(refusals({ ...input, baseline: { 'resource-server.json': 2 } })).toEqual([
      'resource-server.json: 1 rows are covered, fewer than the 2 of the baseline.',
    ]);
  });

  it('refuses a baseline for a file that is gone', () => {
    expect(refusals({ ...reportOn(), baseline: { 'gone.json': 1 } })).toEqual([
      'gone.json: 0 rows are covered, fewer than the 1 of the baseline.',
    ]);
  });
});

describe('raisedBaseline', () => {
  it('rises with the covered rows and never falls', () => {
    expect(raisedBaseline({ a: 3, b: 3 }, { a: 5, b: 1, c: 2 })).toEqual({ a: 5, b: 3, c: 2 });
  });
});

describe('renderText', () => {
  const tallies = tally(reportOn(['[rfc1-4-typ] a', 'passed'], ['[rfc1-4-typ] b', 'passed']));

  it('gives a line of figures per specification and a total', () => {
    const lines = renderText(tallies)
      .split('\n')
      .map((line) => line.trim().split(/\s{2,}/));

    expect(lines).toContainEqual(['RFC 1', '1', '1', '0', '2']);
    expect(lines).toContainEqual(['total', '1', '3', '0', '2']);
  });

  it('lists open ids only when asked', () => {
    expect(renderText(tallies)).not.toContain('rfc1-4-aud');
    expect(renderText(tallies, { verbose: true })).toContain('open: rfc1-4-aud');
  });
});

describe('renderMarkdown', () => {
  const input = {
    ...reportOn(['[rfc1-4-typ] a', 'passed']),
    setAside: { 'rfc2-1-old': { reason: 'we never read it' } },
  };
  const page = renderMarkdown(tally(input));

  it('shows the passing cases of a covered row', () => {
    expect(page).toContain('| `rfc1-4-typ` | MUST | The type is named. | 1 |');
  });

  it('keeps open rows collapsed and escapes what would break the table', () => {
    expect(page).toContain('<details><summary>Open: 1</summary>');
    expect(page).toContain('The audience is a \\| b.');
  });

  it('gives the reason of a row that is set aside', () => {
    expect(page).toContain('| `rfc2-1-old` | The old form is read. | we never read it |');
  });

  it('writes the same page for the same input', () => {
    expect(renderMarkdown(tally(input))).toBe(page);
  });
});
