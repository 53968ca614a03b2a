import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Written by `npm run conformance`, so that a fresh clone may not have it yet. */
const generatedLater = ['docs/conformance.md'];

const pages = [
  ...markdownIn('.', { deep: false }),
  ...markdownIn('docs', { deep: true }),
  ...markdownIn('packages', { deep: true }),
].filter((page) => !generatedLater.includes(page));

function markdownIn(folder: string, { deep }: { deep: boolean }): readonly string[] {
  return readdirSync(join(root, folder), { recursive: deep, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.md') && !/(^|\/)(node_modules|dist)\//.test(path));
}

function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The headings of a page, as the fragments that link to them. */
function fragmentsOf(page: string): readonly string[] {
  const headings = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '');
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function brokenLinksOf(page: string): readonly string[] {
  const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', fragment] = target.split('#', 2);
  const file = path === '' ? page : join(dirname(page), path);
  if (generatedLater.includes(file)) return true;
  if (!existsSync(join(root, file))) return false;
  return fragment === undefined || fragmentsOf(file).includes(fragment);
}

describe('the documentation', () => {
  it.each(pages)('%s has no link that leads nowhere', (page) => {
    expect(brokenLinksOf(page)).toEqual([]);
  });

  it.each(['docs/guides', 'docs/decisions'])(
    'names every page of %s in the README or the index',
    (folder) => {
      const linked = ['README.md', 'docs/decisions/README.md'].flatMap((page) =>
        [...textOf(page).matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => join(dirname(page), target ?? '')),
      );

      expect(markdownIn(folder, { deep: false }).filter((page) => !linked.includes(page))).toEqual([]);
    },
  );
});

describe('SECURITY.md', () => {
  const text = textOf('SECURITY.md');
  const testFiles = [...new Set([...text.matchAll(/`([^`\s]+\.test\.ts)`/g)].map(([, file]) => file ?? ''))];

  it.each(testFiles)('names %s, which exists', (file) => {
    expect(existsSync(join(root, file))).toBe(true);
  });

  it('names attacks by rows that the test files beside them name', () => {
    const lines = text.split('\n').filter((line) => line.includes('[attack-'));
    const unnamed = lines.flatMap((line) => {
      const files = [...line.matchAll(/`([^`\s]+\.test\.ts)`/g)].map(([, file]) => textOf(file ?? ''));
      const ids = [...line.matchAll(/\[(attack-[a-z0-9-]+)\]/g)].map(([id]) => id);
      return ids.filter((id) => !files.some((source) => source.includes(id)));
    });

    expect(lines.length).toBeGreaterThan(0);
    expect(unnamed).toEqual([]);
  });
});
