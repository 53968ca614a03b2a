/** The verifiers that are measured: one file each in `bench/contenders`. */
import { readdirSync } from 'node:fs';
import { createSample } from './samples.mjs';

const folder = new URL('../contenders/', import.meta.url);

/**
 * Every contender, made ready for the tokens of one signer and tried once.
 *
 * @returns {Promise<{ name: string, verify: (token: string) => unknown }[]>}
 */
export async function createContenders(signer) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.mjs'));
  return Promise.all(files.map((file) => createContender(file, signer)));
}

async function createContender(file, signer) {
  const { create } = await import(new URL(file, folder).href);
  const name = file.replace('.mjs', '');
  const verify = await create(signer);
  await assertDoesTheWork(name, verify, signer);
  return { name, verify };
}

/** A verifier that skips a check would be fast for the wrong reason. */
async function assertDoesTheWork(name, verify, signer) {
  const good = createSample(signer);
  await verify(good.token);
  const [header, payload] = good.token.split('.');
  const hostile = {
    'of another signature': `${header}.${payload}.${createSample(signer).token.split('.')[2]}`,
    'for another audience': createSample(signer, { aud: 'https://other.example' }).token,
    'of another issuer': createSample(signer, { iss: 'https://other.example' }).token,
    'that has expired': createSample(signer, { exp: 1 }).token,
  };
  for (const [what, token] of Object.entries(hostile)) {
    const accepted = await Promise.resolve()
      .then(() => verify(token))
      .then(
        () => true,
        () => false,
      );
    if (accepted) throw new Error(`${name} accepts a token ${what}: its time would mean nothing.`);
  }
}
