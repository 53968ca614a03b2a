/**
 * Makes a checkout ready to run: installs what is missing and builds. Used by `npm test` and `npm start`.
 *
 * Runs before anything is installed, so it imports Node's own modules only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole project. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs dependencies when they are missing or differ from the lockfile, then builds. Ends the process on failure. */
export function setUp() {
  refuseOldNode(process.versions.node);
  if (!dependenciesAreCurrent()) step('Installing dependencies (first run only)…', ['ci']);
  forgetDeletedBuilds();
  step('Building…', ['run', 'build']);
}

function refuseOldNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `Assay needs Node 20.19 or newer, and this is Node ${version}.\n` +
      'Install a current LTS release from https://nodejs.org and run the command again.',
  );
  process.exit(1);
}

/** Compares what npm noted as installed with the lockfile; optional packages of other platforms may be absent. */
function dependenciesAreCurrent() {
  const noted = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(noted)) return false;
  const installed = packagesIn(noted);
  const wanted = Object.entries(packagesIn(join(root, 'package-lock.json')));
  return wanted.every(([path, { version, optional }]) => {
    if (path === '' || (optional && !installed[path])) return true;
    return installed[path] !== undefined && installed[path].version === version;
  });
}

function packagesIn(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

/** `tsc -b` takes a package for built while its build info exists, even after somebody has deleted `dist`. */
function forgetDeletedBuilds() {
  for (const parent of ['packages', 'examples']) {
    for (const name of readdirSync(join(root, parent))) {
      const folder = join(root, parent, name);
      if (!existsSync(join(folder, 'dist')))
        rmSync(join(folder, '.tsbuildinfo'), { recursive: true, force: true });
    }
  }
}

/** Runs npm; shows what it printed only when it fails. */
function step(title, npmArguments) {
  console.log(title);
  const { status, stdout, stderr, error } = spawnSync('npm', npmArguments, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  console.error(`${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`);
  console.error(`"npm ${npmArguments.join(' ')}" failed.`);
  process.exit(1);
}
