/**
 * Tries to be ready for each issuer that is named in the arguments, and prints for each `ready` or the codes of the
 * errors on the way to the first cause. Ends by itself.
 */
import { rmSync } from 'node:fs';
import { compileCore } from './compile-core.mjs';

const { core, directory } = await compileCore();
const outcomes = {};
for (const issuer of process.argv.slice(2)) {
  const server = core.createResourceServer({
    issuer,
    audience: 'https://api.example',
    allowInsecureLoopback: true,
  });
  outcomes[issuer] = await server.ready().then(
    () => 'ready',
    (error) => codesOf(error).join(' '),
  );
}
console.log(JSON.stringify(outcomes));
rmSync(directory, { recursive: true });

function codesOf(error) {
  if (!(error instanceof Error)) return [];
  return [...(typeof error.code === 'string' ? [error.code] : []), ...codesOf(error.cause)];
}
