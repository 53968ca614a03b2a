import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** An entry of `package-lock.json`, as far as it says what a package needs. */
interface LockedPackage {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type LockedPackages = Readonly<Record<string, LockedPackage>>;

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: LockedPackages };

const ours = Object.keys(packages).filter((path) => /^packages\/[^/]+$/.test(path));

/** Where Node finds a dependency of the package at a path: the nearest `node_modules` that has it. */
function locate(name: string, from: string, locked: LockedPackages): string | undefined {
  for (let directory = from; ; directory = directory.slice(0, Math.max(0, directory.lastIndexOf('/')))) {
    const path = [...(directory === '' ? [] : [directory]), 'node_modules', name].join('/');
    const found = locked[path];
    if (found !== undefined) return found.link === true ? found.resolved : path;
    if (directory === '') return undefined;
  }
}

/** The names of every package that one needs, peers and optional ones too, however deep. */
function namesReachableFrom(start: string, locked: LockedPackages): ReadonlySet<string> {
  const paths = new Set([start]);
  const names = new Set<string>();
  for (const path of paths) {
    const { dependencies, optionalDependencies, peerDependencies } = locked[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      names.add(name);
      const found = locate(name, path, locked);
      if (found !== undefined) paths.add(found);
    }
  }
  return names;
}

describe('the dependency tree of the packages', () => {
  it('is that of the packages of this repository', () => {
    expect(ours).toEqual(expect.arrayContaining(['packages/core', 'packages/express', 'packages/nest']));
    expect(namesReachableFrom('packages/core', packages)).toEqual(new Set(['jose']));
    expect([...namesReachableFrom('packages/express', packages)]).toEqual(
      expect.arrayContaining(['@assay/core', 'jose', 'express', 'body-parser']),
    );
  });

  it.each(ours)('[attack-25-hmac-check-faults-in-old] of %s has no jsonwebtoken and no jws', (path) => {
    const names = namesReachableFrom(path, packages);
    const forbidden = ['jsonwebtoken', 'jws', 'jwa', '@nestjs/jwt', 'passport-jwt', 'express-jwt'];
    expect(forbidden.filter((name) => names.has(name))).toEqual([]);
  });

  it('would show one that hides deep, behind a link or in a directory of its own', () => {
    const locked: LockedPackages = {
      'packages/a': { dependencies: { '@assay/b': '*' } },
      'node_modules/@assay/b': { link: true, resolved: 'packages/b' },
      'packages/b': { peerDependencies: { outer: '*' } },
      'node_modules/outer': { optionalDependencies: { inner: '*' } },
      'node_modules/outer/node_modules/inner': { dependencies: { jws: '*', outer: '*' } },
      'node_modules/inner': {},
      'node_modules/jws': {},
    };
    expect(namesReachableFrom('packages/a', locked)).toEqual(new Set(['@assay/b', 'outer', 'inner', 'jws']));
    expect(namesReachableFrom('node_modules/inner', locked)).toEqual(new Set());
  });
});
