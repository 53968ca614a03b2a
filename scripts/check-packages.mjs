/**
 * `npm run check:packages`: packs every public package and judges the tarballs as a user would meet them.
 *
 * - publint and attw find nothing wrong with exports and types;
 * - no tarball holds build info or tests, and no CommonJS file requires a library that is ESM-only;
 * - installed in an empty project, every entry loads by `import` and by `require`, and a Jest suite with no
 *   configuration passes on CommonJS (test/packaging/commonjs-jest).
 *
 * Needs a finished build. `--no-install` leaves the last part out.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const esmOnly = ['jose', 'oauth4webapi'];
const unwanted = /\.tsbuildinfo$|\.test\.|(^|\/)tests?\//;

const out = mkdtempSync(join(tmpdir(), 'assay-pack-'));
try {
  const folders = readdirSync(join(root, 'packages')).filter((name) => !manifestOf(name).private);
  const tarballs = folders.map(pack);
  tarballs.forEach(checkTarball);
  if (!process.argv.includes('--no-install')) checkInstalled(tarballs);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
}

function pack(folder) {
  const json = run('npm', ['pack', '--json', '--workspace', `packages/${folder}`, '--pack-destination', out]);
  const [{ name, filename, files }] = JSON.parse(json);
  return {
    name,
    folder,
    path: join(out, filename),
    files: files.map(({ path }) => `packages/${folder}/${path}`),
  };
}

function checkTarball({ name, path, files }) {
  checkContents(name, files);
  run('npx', ['--no-install', 'publint', 'run', '--strict', path]);
  run('npx', ['--no-install', 'attw', path, '--format', 'ascii', '--no-emoji']);
  console.log(`${name}: contents, exports and types are fine (${files.length} files)`);
}

function checkContents(name, files) {
  const strays = files.filter((file) => unwanted.test(file));
  if (strays.length > 0) fail(`${name} packs what users do not need: ${strays.join(', ')}`);

  const commonJs = files.filter((file) => file.includes('/dist/cjs/') && file.endsWith('.js'));
  if (commonJs.length === 0) fail(`${name} packs no CommonJS: run npm run build first`);
  for (const file of commonJs) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const library of esmOnly) {
      if (new RegExp(`require\\(["']${library}["']\\)`).test(source))
        fail(`${file} requires ${library}, which is ESM-only`);
    }
  }
}

/** Installs the tarballs into a copy of the fixture, outside the workspaces, and tries them there. */
function checkInstalled(tarballs) {
  const project = join(out, 'project');
  cpSync(join(root, 'test/packaging/commonjs-jest'), project, { recursive: true });
  run(
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', ...tarballs.map(({ path }) => path)],
    project,
  );
  for (const entry of tarballs.flatMap(entriesOf)) {
    run('node', ['-e', `require('${entry}')`], project);
    run('node', ['--input-type=module', '-e', `await import('${entry}')`], project);
  }
  run('npx', ['--no-install', 'jest'], project);
  console.log('Installed: every entry loads by import and by require, and Jest without configuration passes');
}

function entriesOf({ name, folder }) {
  const subpaths = Object.keys(manifestOf(folder).exports).filter((subpath) => subpath !== './package.json');
  return subpaths.map((subpath) => name + subpath.slice(1));
}

/** Returns what the command printed; when it fails, that is the error. */
function run(command, commandArguments, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, commandArguments, { cwd, encoding: 'utf8' });
  if (status !== 0)
    fail(`${stdout}${stderr}${error?.message ?? ''}\n${command} ${commandArguments.join(' ')} failed.`);
  return stdout;
}

function fail(message) {
  throw new Error(message);
}
