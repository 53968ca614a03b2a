/**
 * Finishes the CommonJS output that `tsc -b` leaves.
 *
 * Marks every `dist/cjs` as CommonJS, and bundles the packages that use an ESM-only library so that
 * the library is inlined: a plain CommonJS Jest cannot `require()` an ES module. All entries of a
 * package go into one bundle, so that classes stay shared between them. Other `@assay/*` packages
 * stay external.
 */
import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

const inlined = [
  { name: 'core', entries: ['index', 'authorization-server/index'], library: 'jose' },
  { name: 'client', entries: ['index'], library: 'oauth4webapi' },
];

for (const name of readdirSync('packages')) {
  const cjs = `packages/${name}/dist/cjs`;
  if (existsSync(cjs)) writeFileSync(`${cjs}/package.json`, '{"type":"commonjs"}\n');
}

for (const { name, entries, library } of inlined) {
  const { esm, cjs } = { esm: `packages/${name}/dist/esm`, cjs: `packages/${name}/dist/cjs` };
  rmSync(`${cjs}/_shared`, { recursive: true, force: true });
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, `${esm}/${entry}.js`])),
    platform: 'node',
    external: [/^node:/, /^@assay\//],
  });
  await bundle.write({
    dir: cjs,
    format: 'cjs',
    sourcemap: true,
    exports: 'named',
    strict: true,
    esModule: true,
    entryFileNames: '[name].js',
    chunkFileNames: '_shared/[name].js',
  });
  await bundle.close();
  copyFileSync(`node_modules/${library}/LICENSE.md`, `${cjs}/${library}.LICENSE.md`);
}
