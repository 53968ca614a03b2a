/** `node --import run-typescript.mjs FILE.ts` runs a source of this repository as a process of its own, without a build. */
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const packages = new URL('../../../', import.meta.url);

// Node runs the hooks below in a thread of their own, which loads this module again.
if (isMainThread) register(import.meta.url);

export function resolve(specifier, context, next) {
  const [, name, part] = /^@assay\/([a-z-]+)(?:\/([a-z-]+))?$/.exec(specifier) ?? [];
  if (name !== undefined) {
    const folder = part === undefined ? `${name}/src` : `${name}/src/${part}`;
    return next(new URL(`${folder}/index.ts`, packages).href, context);
  }
  if (/^\.{1,2}\/.*\.js$/.test(specifier)) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return next(source.href, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const { transformSync } = await import('@swc/core');
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
