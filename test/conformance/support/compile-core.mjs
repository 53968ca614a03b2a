/**
 * Compiles the core for a process of its own: for what cannot be shown within Jest, such as a process that ends by
 * itself, or one that trusts another certificate authority from its start.
 */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const source = join(root, 'packages/core/src');

/**
 * The module `@assay/core`, compiled from its sources into a new temporary directory.
 *
 * @returns {Promise<{ core: typeof import('@assay/core'), directory: string }>} the caller removes the directory
 */
export async function compileCore() {
  const directory = mkdtempSync(join(tmpdir(), 'assay-core-'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  for (const file of readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const { code } = transformFileSync(join(source, file), {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    const target = join(directory, 'src', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  return { core: await import(pathToFileURL(join(directory, 'src/index.js')).href), directory };
}
