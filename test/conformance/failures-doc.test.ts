import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failures } from '@assay/core';
import { renderFailures } from '../../scripts/failures/render.mjs';

const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');

const failure = { step: 'authorize', status: 403, error: 'insufficient_scope', description: 'Not this.' };

describe('docs/failures.md', () => {
  it('is what node scripts/write-failures.mjs writes now', () => {
    expect(page).toBe(renderFailures(failures));
  });

  it.each(Object.keys(failures))('has one row for %s', (code) => {
    expect(page.split('\n').filter((line) => line.startsWith(`| \`${code}\``))).toHaveLength(1);
  });
});

describe('renderFailures', () => {
  it('says of each code the status, the error, the text and the step', () => {
    expect(renderFailures({ 'scope.insufficient': failure })).toContain(
      '| `scope.insufficient` | 403    | `insufficient_scope` | Not this.           | authorize |',
    );
  });

  it('writes a dash where the answer has no error', () => {
    const rendered = renderFailures({ 'scope.insufficient': { ...failure, error: undefined } });

    expect(rendered).toContain('| 403    | –       | Not this.');
  });

  it('keeps a bar in a text from ending the cell', () => {
    const rendered = renderFailures({ 'scope.insufficient': { ...failure, description: 'a | b' } });

    expect(rendered).toContain('| a \\| b');
  });

  it('changes with the catalogue', () => {
    const changed = { ...failures, 'token.expired': { ...failures['token.expired'], status: 400 } };

    expect(renderFailures(changed)).not.toBe(page);
  });

  it('leaves out groups without a code', () => {
    expect(renderFailures({ 'scope.insufficient': failure })).not.toContain('## `token.*`');
  });

  it('refuses a code whose first word nobody has explained', () => {
    expect(() => renderFailures({ 'weather.bad': failure })).toThrow('weather.bad');
  });
});
