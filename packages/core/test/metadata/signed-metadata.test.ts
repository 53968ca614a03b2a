import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { AssayError } from '../../src/index.js';
import { signedMetadata } from '../../src/metadata/signed-metadata.js';
import type { JwtSigner } from '../../src/signing/jwt-signer.js';

const document = { resource: 'https://api.example', bearer_methods_supported: ['header'] } as const;
const start = 1_800_000_000;

/** A signer that counts, and can be told to fail. */
function setUp() {
  const clock = fixedClock(start);
  const state = { calls: 0, failing: false };
  const signer: JwtSigner = {
    alg: 'ES256',
    kid: 'k1',
    publicJwk: undefined,
    sign: (claims) => {
      state.calls += 1;
      return state.failing
        ? Promise.reject(new Error('away'))
        : Promise.resolve(`${String(state.calls)} ${JSON.stringify(claims)}`);
    },
  };
  const signed = signedMetadata(document, {
    signer: () => Promise.resolve(signer),
    lifetimeSeconds: 1000,
    cacheSeconds: 400,
    clock,
  });
  return {
    clock,
    state,
    signed,
    after: (seconds: number) => {
      clock.advanceSeconds(seconds);
    },
  };
}

const unavailable = { name: 'AssayError', code: 'service.signing-unavailable' };

describe('signedMetadata', () => {
  it('signs the members, with issuer and times', async () => {
    const { signed } = setUp();
    expect(await signed()).toBe(
      `1 ${JSON.stringify({ iss: 'https://api.example', iat: start, exp: start + 1000, ...document })}`,
    );
  });

  it('signs once for many who ask at the same time', async () => {
    const { signed, state } = setUp();
    const answers = await Promise.all(Array.from({ length: 50 }, signed));
    expect(new Set(answers).size).toBe(1);
    expect(state.calls).toBe(1);
  });

  it('keeps a signature for half of its time, and not a second longer', async () => {
    const { signed, state, after } = setUp();
    await signed();
    after(499);
    await signed();
    expect(state.calls).toBe(1);
    after(1);
    expect(await signed()).toContain(`"exp":${String(start + 1500)}`);
    expect(state.calls).toBe(2);
  });

  it('says that it cannot sign, and keeps the reason as the cause', async () => {
    const { signed, state } = setUp();
    state.failing = true;
    const error: unknown = await signed().catch((caught: unknown) => caught);
    expect(error).toMatchObject(unavailable);
    expect((error as AssayError).cause).toEqual(new Error('away'));
  });

  it('leaves a signer alone for five seconds after it failed', async () => {
    const { signed, state, after } = setUp();
    state.failing = true;
    await expect(signed()).rejects.toMatchObject(unavailable);
    after(4.999);
    await expect(signed()).rejects.toMatchObject(unavailable);
    expect(state.calls).toBe(1);
    state.failing = false;
    after(0.001);
    expect(await signed()).toContain('2 ');
  });

  it('goes on with the last signature while nobody could keep it past its end', async () => {
    const { signed, state, after } = setUp();
    const made = await signed();
    state.failing = true;
    after(500);
    expect(await signed()).toBe(made);
    after(100);
    expect(await signed()).toBe(made);
    after(1);
    await expect(signed()).rejects.toMatchObject(unavailable);
    state.failing = false;
    after(5);
    expect(await signed()).toContain(`"iat":${String(start + 606)}`);
  });
});
