import { beforeAll, describe, expect, it } from '@jest/globals';
import { compactJws, createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { isAssayError } from '../src/assay-error.js';
import { createResourceServer, type ResourceServer } from '../src/resource-server.js';
import { thrownBy } from './support/refusal.js';

/** Whatever a stranger sends, the answer is a refusal that blames the stranger: never another error, never a 500. */
describe('a resource server under hostile tokens', () => {
  const clock = fixedClock(1_800_000_000);
  let builder: TokenBuilder;
  let api: ResourceServer;
  beforeAll(async () => {
    builder = await createTokenBuilder({ clock, kid: 'k1' });
    api = createResourceServer({
      issuer: builder.issuer,
      audience: builder.audience,
      keys: builder.jwks,
      clock,
    });
  });

  async function expectRefused(token: string): Promise<void> {
    const error = await thrownBy(() =>
      api.authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } }),
    );
    expect(isAssayError(error)).toBe(true);
    expect([400, 401]).toContain(api.challenge(error).status);
    expect((await api.appraise(token)).outcome).toBe('rejected');
  }

  const randomised = Array.from({ length: 8 }, (_, seed) => seed + 1);

  it.each(randomised)('refuses tokens with one character changed (seed %p)', async (seed) => {
    const random = generator(seed);
    for (let round = 0; round < 40; round++) {
      const token = builder.accessToken();
      const at = random(token.length);
      const changed = token.slice(0, at) + otherCharacter(token.charAt(at), random) + token.slice(at + 1);
      await expectRefused(changed);
    }
  });

  it.each(randomised)('refuses tokens cut short or made of pieces (seed %p)', async (seed) => {
    const random = generator(seed);
    const token = builder.accessToken();
    for (let round = 0; round < 40; round++) {
      await expectRefused(token.slice(0, random(token.length)));
      await expectRefused(token.slice(1 + random(token.length - 1)));
      await expectRefused(token.slice(0, 1 + random(80)) + token.slice(-1 - random(80)));
    }
  });

  const values: readonly unknown[] = [
    null,
    true,
    0,
    -1,
    1e308,
    '',
    'x',
    '\u0000',
    '\ud800',
    [],
    [[]],
    {},
    { toString: 'x' },
    { then: 'x' },
    { __proto__: null, length: -1 },
    ['a', null],
    'x'.repeat(3000),
  ];
  const required = ['iss', 'aud', 'exp', 'iat', 'sub', 'client_id', 'jti'];
  const refusedAsOptional = ['nbf', 'scope', 'acr', 'amr', 'cnf', 'act', 'authorization_details'];

  it.each([...required, ...refusedAsOptional])(
    'survives every kind of value in the claim %s',
    async (claim) => {
      for (const value of values) {
        const token = builder.accessToken({ [claim]: value });
        const answer = await api
          .authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } })
          .catch((error: unknown) => error);
        const isFine = isAssayError(answer) ? api.challenge(answer).status : 'principal';
        expect([401, 'principal']).toContain(isFine);
        expect(['accepted', 'rejected']).toContain((await api.appraise(token)).outcome);
      }
    },
  );

  it.each(['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'cty', 'zip', 'enc', '__proto__'])(
    'survives every kind of value in the header parameter %s',
    async (parameter) => {
      for (const value of values) {
        const header = JSON.stringify(builder.header()).replace('{', `{"a":1,`);
        const changed = JSON.parse(header) as Record<string, unknown>;
        Object.defineProperty(changed, parameter, { value, enumerable: true });
        const token = compactJws({ header: changed, payload: builder.claims(), key: builder.key });
        const answer = await api
          .authenticate({ method: 'GET', url: '/', headers: { authorization: [`Bearer ${token}`] } })
          .catch((error: unknown) => error);
        const isFine = isAssayError(answer) ? api.challenge(answer).status : 'principal';
        expect([401, 'principal']).toContain(isFine);
      }
    },
  );

  it('changes no prototype, whatever the claims are called', async () => {
    const payload = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${JSON.stringify(builder.claims()).slice(1)}`;
    const token = compactJws({ header: builder.header(), payload, key: builder.key });
    const principal = await api.authenticate({
      method: 'GET',
      url: '/',
      headers: { authorization: [`Bearer ${token}`] },
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((principal as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(principal.claims)).toBe(Object.prototype);
  });
});

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~';

function otherCharacter(character: string, random: (below: number) => number): string {
  const others = alphabet.replace(character, '');
  return others.charAt(random(others.length));
}

/** Numbers that look random and are the same in every run: a linear congruential generator. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return Math.floor((state / 4_294_967_296) * below);
  };
}
