import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createDpopProofVerifier,
  SetupError,
  type DpopProofVerifierOptions,
  type FailureCode,
  type ProofContext,
} from '@assay/core';
import { createProofBuilder, fixedClock, type ProofBuilder, type ProofVariation } from '@assay/testing';
import { expectRefusal } from './support/refusal.js';

const clock = fixedClock(1_800_000_000);
const url = 'https://api.example/orders';
const context: ProofContext = { method: 'POST', url };

describe('createDpopProofVerifier', () => {
  let proofs: ProofBuilder;
  beforeAll(async () => {
    proofs = await createProofBuilder({ clock });
  });

  const make = (options: DpopProofVerifierOptions = {}) => createDpopProofVerifier({ clock, ...options });
  const proof = (variation: ProofVariation = {}) => proofs.proof({ method: 'POST', url }, variation);

  it('returns a proof that keeps its kind, with the thumbprint of its key', async () => {
    const verified = await make().verify(proof({ claims: { jti: 'one' } }), context);
    expect(verified.kind).toBe('dpop-proof');
    expect(verified.thumbprint).toBe(proofs.thumbprint);
    expect(verified.claims).toMatchObject({ jti: 'one', htm: 'POST', htu: url });
    expect(verified.header).toMatchObject({ typ: 'dpop+jwt', alg: 'ES256' });
  });

  it('does not remember what it has seen', async () => {
    const once = proof();
    await expect(make().verify(once, context)).resolves.toBeDefined();
    await expect(make().verify(once, context)).resolves.toBeDefined();
  });

  it.each<[string, Partial<ProofContext>, FailureCode]>([
    ['for another method', { method: 'GET' }, 'proof.method-mismatch'],
    ['for another URL', { url: 'https://api.example/' }, 'proof.uri-mismatch'],
    ['for a URL that is none', { url: '/orders' }, 'proof.uri-mismatch'],
    ['with a token that it does not name', { accessToken: 'x' }, 'proof.claim-invalid'],
    ['without the nonce that is demanded', { acceptsNonce: () => true }, 'proof.nonce-missing'],
  ])('refuses a proof %s', async (_what, changes, code) => {
    const refusal = (await make()
      .verify(proof(), { ...context, ...changes })
      .catch((error: unknown) => error)) as { code: FailureCode; profile: string };
    expect(refusal).toMatchObject({ code, profile: 'dpop-proof' });
  });

  it('compares with the whole URL, without its query', async () => {
    await expect(make().verify(proof(), { ...context, url: `${url}?a=1#b` })).resolves.toBeDefined();
  });

  it('asks the caller about the nonce', async () => {
    const asked: string[] = [];
    const acceptsNonce = (nonce: string) => {
      asked.push(nonce);
      return nonce === 'good';
    };
    await expect(
      make().verify(proof({ claims: { nonce: 'good' } }), { ...context, acceptsNonce }),
    ).resolves.toBeDefined();
    await expectRefusal(
      () => make().verify(proof({ claims: { nonce: 'bad' } }), { ...context, acceptsNonce }),
      'proof.nonce-refused',
      { claim: 'nonce', reason: 'mismatch' },
    );
    expect(asked).toEqual(['good', 'bad']);
  });

  it.each([5, null, undefined, [], {}])('refuses %p, which is no text', async (jwt) => {
    await expectRefusal(() => make().verify(jwt as string, context), 'proof.malformed');
  });

  it('keeps to its algorithms, lifetime and leeway', async () => {
    const narrow = make({ algorithms: ['EdDSA'] });
    await expectRefusal(() => narrow.verify(proof(), context), 'proof.algorithm-refused', {
      claim: 'alg',
      reason: 'mismatch',
    });
    const short = make({ proofLifetimeSeconds: 5, leewaySeconds: 0 });
    const aged = (seconds: number) => proof({ claims: { iat: clock.nowSeconds() - seconds } });
    await expect(short.verify(aged(5), context)).resolves.toBeDefined();
    await expectRefusal(() => short.verify(aged(6), context), 'proof.too-old', {
      claim: 'iat',
      reason: 'mismatch',
    });
    await expectRefusal(() => short.verify(aged(-1), context), 'proof.not-yet-valid', {
      claim: 'iat',
      reason: 'mismatch',
    });
  });

  it.each<[string, object]>([
    ['algorithms', { algorithms: [] }],
    ['algorithms', { algorithms: ['HS256'] }],
    ['proofLifetimeSeconds', { proofLifetimeSeconds: 0 }],
    ['leewaySeconds', { leewaySeconds: 301 }],
    ['nonce', { nonce: {} }],
  ])('is a mistake at start with a bad %s', (option, options) => {
    const call = () => make(options);
    expect(call).toThrow(SetupError);
    expect(call).toThrow(`${option}: `);
  });

  describe('appraise', () => {
    const guarantees = [
      'the proof is a well-formed compact JWS',
      'alg is allowed',
      'jwk is a public key that fits alg',
      'the signature is by that key',
      'typ is dpop+jwt',
      'jti is present where the token is single use, and short enough to be remembered',
      'htm is the method of the request',
      'htu is the URI of the request',
      'ath is the digest of the access token of the request',
      'nonce, where the server demands one, is a recent one of its own',
      'iat lies within the window for proofs',
      'exp, where present, lies ahead',
      'nbf, where present, has come',
    ];

    it('has a line for each step and rule of a good proof', async () => {
      const { profile, outcome, lines } = await make().appraise(proof(), context);
      expect({ profile, outcome }).toEqual({ profile: 'dpop-proof', outcome: 'accepted' });
      expect(lines.map((line) => line.guarantees)).toEqual(guarantees);
      expect(new Set(lines.map(({ verdict }) => verdict))).toEqual(new Set(['satisfied']));
      for (const { spec } of lines) expect(spec).toMatch(/^RFC /);
    });

    it('goes on to every rule after one that is broken', async () => {
      const bad = proof({ claims: { htm: 'GET', iat: 0 }, header: { typ: 'JWT' } });
      const { outcome, lines } = await make().appraise(bad, context);
      expect(outcome).toBe('rejected');
      expect(lines.flatMap(({ code }) => (code === undefined ? [] : [code]))).toEqual([
        'proof.type-mismatch',
        'proof.method-mismatch',
        'proof.too-old',
      ]);
      expect(lines.filter(({ verdict }) => verdict === 'not reached')).toEqual([]);
    });

    it.each<[string, () => string, FailureCode, number]>([
      ['that is no JWT', () => 'x', 'proof.malformed', 0],
      [
        'by an algorithm that is not allowed',
        () => proof({ header: { alg: 'HS256' } }),
        'proof.algorithm-refused',
        1,
      ],
      ['with a private key', () => proof({ header: { jwk: proofs.key } }), 'proof.key-refused', 2],
      ['that was altered', () => proof().slice(0, -10) + 'A'.repeat(10), 'proof.signature-invalid', 3],
    ])('stops where a proof %s ends', async (_what, bad, code, at) => {
      const { outcome, lines } = await make().appraise(bad(), context);
      expect(outcome).toBe('rejected');
      expect(lines.map(({ verdict }) => verdict)).toEqual(
        guarantees.map((_, index) => (index < at ? 'satisfied' : index === at ? 'rejected' : 'not reached')),
      );
      expect(lines[at]?.code).toBe(code);
    });

    it('shows nothing of the proof', async () => {
      const text = proof({ header: { jwk: proofs.key }, claims: { jti: 'a-secret-id' } });
      const appraisal = await make().appraise(text, context);
      const shown = JSON.stringify(appraisal) + String(appraisal);
      expect(shown).not.toContain('a-secret-id');
      expect(shown).not.toContain(proofs.key['d']);
    });
  });
});
