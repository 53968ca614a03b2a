/**
 * `npm run check:packages`: packs every public package and judges the tarballs as a user would meet them.
 *
 * - publint and attw find nothing wrong with exports and types;
 * - no tarball holds build info or tests, and no CommonJS file requires a library that is ESM-only;
 * - installed in an empty project, every entry loads by `import` and by `require`, and a Jest suite with no
 *   configuration passes on CommonJS (test/packaging/commonjs-jest);
 * - installed in a project of Nest 11, suites for everything that Nest hands to guards compile and pass
 *   (test/packaging/nest-11).
 *
 * Needs a finished build. `--no-install` leaves the projects out, `--project nest-11` tries that one alone.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const esmOnly = ['jose', 'oauth4webapi'];
/** What is done in each project of test/packaging, once the packages are there. */
const projects = {
  'commonjs-jest': {
    uses: () => true,
    commands: (tarballs) => [
      ...tarballs.flatMap(entriesOf).flatMap((entry) => [
        ['node', '-e', `require('${entry}')`],
        ['node', '--input-type=module', '-e', `await import('${entry}')`],
      ]),
      ['npx', '--no-install', 'jest'],
    ],
    success: 'every entry loads by import and by require, and Jest without configuration passes',
  },
  'nest-11': {
    uses: ({ name }) => ['@assay/core', '@assay/nest', '@assay/testing'].includes(name),
    commands: () => [
      ['npx', '--no-install', 'tsc'],
      ['npx', '--no-install', 'jest', '--rootDir', 'dist', '--testTimeout', '30000'],
    ],
    success: 'routes, streams, sockets, GraphQL, messages and documents are protected on Nest 11',
  },
};
const unwanted = /\.tsbuildinfo$|\.test\.|(^|\/)tests?\//;

const out = mkdtempSync(join(tmpdir(), 'assay-pack-'));
try {
  const folders = readdirSync(join(root, 'packages')).filter((name) => !manifestOf(name).private);
  const tarballs = folders.map(pack);
  const chosen = chosenProjects(process.argv.slice(2));
  tarballs.forEach(checkTarball);
  for (const project of chosen) checkInstalled(project, tarballs);
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

function chosenProjects(options) {
  if (options.includes('--no-install')) return [];
  const at = options.indexOf('--project');
  const names = at === -1 ? Object.keys(projects) : options.slice(at + 1, at + 2);
  for (const name of names) if (!Object.hasOwn(projects, name)) fail(`There is no project ${name}.`);
  if (at !== -1 && names.length === 0) fail('--project needs a name.');
  return names;
}

/** Installs the tarballs into a copy of a project, outside the workspaces, and tries them there. */
function checkInstalled(name, tarballs) {
  const { uses, commands, success } = projects[name];
  const used = tarballs.filter(uses);
  const project = join(out, name);
  cpSync(join(root, 'test/packaging', name), project, { recursive: true });
  const paths = used.map(({ path }) => path);
  run('npm', ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', ...paths], project);
  for (const [command, ...commandArguments] of commands(used)) run(command, commandArguments, project);
  console.log(`${name}: ${success}`);
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
