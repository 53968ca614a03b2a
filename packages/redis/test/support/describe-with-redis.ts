/* eslint-disable jest/no-export, jest/valid-title, jest/valid-describe-callback, jest/expect-expect, jest/no-disabled-tests --
   declares the suites of test files, and is none itself */
import { accessSync, constants, writeSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from '@jest/globals';

const isInstalled = (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, 'redis-server'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

const missing = 'redis-server is not on the PATH';

/**
 * A suite that needs redis-server. Without one it is skipped, and says so by its name; in CI it fails, so that nothing
 * goes untested there.
 */
export function describeWithRedis(name: string, body: () => void): void {
  if (isInstalled) {
    describe(name, body);
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('has a redis-server', () => {
        throw new Error(`${missing}: install Debian's package redis-server`);
      });
    });
  } else {
    // Jest captures the console of a suite; this has to be seen.
    writeSync(2, `skipped: ${name}: ${missing}\n`);
    describe.skip(`${name} (skipped: ${missing})`, body);
  }
}
