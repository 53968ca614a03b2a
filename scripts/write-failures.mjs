/**
 * `node scripts/write-failures.mjs`: writes docs/failures.md from the failure catalogue of core. Needs no build.
 *
 * test/conformance/failures-doc.test.ts fails while the page is not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { renderFailures } from './failures/render.mjs';

const source = readFileSync(new URL('../packages/core/src/failures.ts', import.meta.url), 'utf8');
const { outputText } = ts.transpileModule(source, {
  compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
});
const { failures } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);
writeFileSync(new URL('../docs/failures.md', import.meta.url), renderFailures(failures));
