/**
 * Verifies tokens of the issuer that the arguments name, leaves a refresh of the keys under way, and has nothing more
 * to do. Closes nothing: a process that uses the core has to end by itself.
 */
import { rmSync } from 'node:fs';
import { compileCore } from './compile-core.mjs';

const [issuer, audience, token] = process.argv.slice(2);
const { core, directory } = await compileCore();
rmSync(directory, { recursive: true });
let offsetMs = 0;
const verifier = core.createAccessTokenVerifier({
  issuer,
  audience,
  allowInsecureLoopback: true,
  clock: { nowMs: () => Date.now() + offsetMs },
});
await verifier.verify(token);
// Old enough to be refreshed in the background, while this request is answered at once.
offsetMs = 299_000;
const { claims } = await verifier.verify(token);
offsetMs = 300_000;
console.log(claims.sub);
void verifier.verify(token).catch(() => undefined);
