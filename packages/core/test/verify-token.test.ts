import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { compactJws, createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { createAccessTokenVerifier } from '../src/access-token-verifier.js';
import type { FailureCode } from '../src/failures.js';
import type { Fetch } from '../src/keys/fetch-json.js';
import type { Verifier } from '../src/verifier.js';
import { expectRefusal } from './support/refusal.js';

const clock = fixedClock(1_800_000_000);

describe('the path of one token', () => {
  let builder: TokenBuilder;
  let stranger: TokenBuilder;
  let verifier: Verifier;
  beforeAll(async () => {
    builder = await createTokenBuilder({ clock, kid: 'k1' });
    stranger = await createTokenBuilder({ clock, kid: 'k1' });
    verifier = createAccessTokenVerifier({
      issuer: builder.issuer,
      audience: [builder.audience, 'urn:example:reports'],
      algorithms: ['ES256'],
      keys: builder.jwks,
      clock,
    });
  });

  it('ends in the claims, the header and a digest of the token', async () => {
    const accepted = await verifier.verify(builder.accessToken({ sub: 'user-7' }));
    expect(accepted).toMatchObject({
      kind: 'access-token',
      issuer: builder.issuer,
      header: { alg: 'ES256', kid: 'k1', typ: 'at+jwt' },
      claims: { sub: 'user-7' },
    });
    expect(accepted.fingerprint).toMatch(/^[\w-]{22}$/);
  });

  /** Everything that can be wrong, the first step first. A token with several faults fails with the first of them. */
  const faults = {
    size: 'token.too-large',
    structure: 'token.malformed',
    critical: 'token.critical-unknown',
    duplicate: 'token.duplicate-member',
    issuer: 'token.issuer-unknown',
    algorithm: 'token.algorithm-refused',
    key: 'token.key-unknown',
    signature: 'token.signature-invalid',
    type: 'token.type-mismatch',
    audience: 'token.audience-mismatch',
    expiry: 'token.expired',
    notBefore: 'token.not-yet-valid',
    subject: 'token.claim-invalid',
  } as const satisfies Record<string, FailureCode>;

  type Fault = keyof typeof faults;
  const order = Object.keys(faults) as Fault[];

  /** A token with all of these faults. */
  function tokenWith(wrong: ReadonlySet<Fault>): string {
    const header = {
      ...builder.header(),
      ...(wrong.has('critical') && { crit: ['x'] }),
      ...(wrong.has('algorithm') && { alg: 'HS256' }),
      ...(wrong.has('key') && { kid: 'k2' }),
      ...(wrong.has('type') && { typ: 'JWT' }),
      ...(wrong.has('size') && { pad: 'x'.repeat(20_000) }),
    };
    const claims = {
      ...builder.claims(),
      ...(wrong.has('issuer') && { iss: 'https://attacker.example' }),
      ...(wrong.has('audience') && { aud: 'https://other.example' }),
      ...(wrong.has('expiry') && { exp: clock.nowSeconds() - 3600 }),
      ...(wrong.has('notBefore') && { nbf: clock.nowSeconds() + 3600 }),
      ...(wrong.has('subject') && { sub: undefined }),
    };
    const payload = JSON.stringify(claims);
    const token = compactJws({
      header,
      payload: wrong.has('duplicate') ? payload.replace('{', '{"iss":"x",') : payload,
      key: wrong.has('signature') ? stranger.key : builder.key,
      alg: 'ES256',
    });
    return wrong.has('structure') ? `=${token}` : token;
  }

  it.each(order)('refuses a token with a wrong %s', async (fault) => {
    await expect(verifier.verify(tokenWith(new Set([fault])))).rejects.toMatchObject({ code: faults[fault] });
  });

  it.each(order)('fails with a wrong %s before anything that comes later', async (fault) => {
    const all = new Set(order.slice(order.indexOf(fault)));
    await expect(verifier.verify(tokenWith(all))).rejects.toMatchObject({ code: faults[fault] });
  });

  it('tells a forger nothing of the claims: an expired token with a bad signature is badly signed', async () => {
    const token = tokenWith(new Set<Fault>(['signature', 'expiry']));
    await expectRefusal(() => verifier.verify(token), 'token.signature-invalid');
  });

  describe('and the issuer', () => {
    const start = () => {
      const fetch = jest.fn<Fetch>(() => Promise.reject(new Error('no network here')));
      return {
        fetch,
        verifier: createAccessTokenVerifier({ issuer: builder.issuer, audience: 'x', clock, fetch }),
      };
    };

    it.each([
      ['an unknown issuer', 'issuer', 'token.issuer-unknown'],
      ['an algorithm that is refused', 'algorithm', 'token.algorithm-refused'],
      ['a critical extension', 'critical', 'token.critical-unknown'],
    ] as const)('is not asked for its keys on account of %s', async (_what, fault, code) => {
      const { fetch, verifier: remote } = start();
      await expect(remote.verify(tokenWith(new Set([fault])))).rejects.toMatchObject({ code });
      expect(fetch).not.toHaveBeenCalled();
    });

    it('is asked for its keys where everything before is right', async () => {
      const { fetch, verifier: remote } = start();
      await expectRefusal(() => remote.verify(builder.accessToken()), 'service.keys-unavailable');
      expect(fetch).toHaveBeenCalled();
    });
  });

  describe('narrowed to one audience', () => {
    it('expects that one alone', async () => {
      const token = builder.accessToken();
      await expect(verifier.verify(token, { audience: builder.audience })).resolves.toBeDefined();
      await expectRefusal(
        () => verifier.verify(token, { audience: 'urn:example:reports' }),
        'token.audience-mismatch',
        { claim: 'aud', reason: 'mismatch' },
      );
    });

    it('refuses every token where the audience is not one of its own', async () => {
      const token = builder.accessToken({ aud: 'https://other.example' });
      await expectRefusal(
        () => verifier.verify(token, { audience: 'https://other.example' }),
        'token.audience-mismatch',
        { claim: 'aud', reason: 'mismatch' },
      );
    });
  });

  it.each<unknown>([undefined, null, 7, {}, [], Buffer.from('a.b.c'), Symbol('x')])(
    'refuses %p, which a caller in JavaScript may hand over',
    async (jwt) => {
      await expectRefusal(() => verifier.verify(jwt as string), 'token.malformed');
      expect((await verifier.appraise(jwt as string)).outcome).toBe('rejected');
    },
  );
});
