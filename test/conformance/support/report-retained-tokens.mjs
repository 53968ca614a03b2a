/**
 * Sends tokens through a resource server, and then looks through everything that the process still holds for one of
 * them. Prints how many were accepted, how many texts were looked at, and how many of those were tokens.
 *
 * A process of its own, because a test that knows a token would find its own copy. This one knows digests only.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setFlagsFromString, getHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { json } from 'node:stream/consumers';
import { compileCore } from './compile-core.mjs';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc');

const { core, directory } = await compileCore();
rmSync(directory, { recursive: true });

const issuer = 'https://as.example';
const audience = 'https://api.example';
const key = await core.generateSigningJwk('ES256');
const signer = await core.createJwtSigner(key);
const api = core.createResourceServer({ issuer, audience, keys: { keys: [signer.publicJwk] } });

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

/** Uses one token twice, so that it is found again, and forgets it but for its digest. */
async function useToken(number) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    jti: `t-${number}`,
    iat: now,
    exp: now + 300,
  };
  const token = await signer.sign(claims, { typ: 'at+jwt' });
  for (let turn = 0; turn < 2; turn++) {
    await api.authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } });
  }
  return digestOf(token);
}

const digests = new Set();
for (let number = 0; number < 20; number++) digests.add(await useToken(number));
await new Promise((resolve) => setTimeout(resolve, 50));
// The engine itself keeps the text that a regular expression was last tried on (RegExp.input).
/next/.test('next');
collectGarbage();

const { strings } = await json(getHeapSnapshot());
const candidates = strings.flatMap((text) => text.match(/[\w-]+\.[\w-]+\.[\w-]+/g) ?? []);
const retained = candidates.filter((text) => digests.has(digestOf(text)));
console.log(JSON.stringify({ used: digests.size, looked: strings.length, retained: retained.length }));
