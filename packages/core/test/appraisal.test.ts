import { beforeAll, describe, expect, it } from '@jest/globals';
import { compactJws, createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { createAccessTokenVerifier } from '../src/access-token-verifier.js';
import type { Appraisal } from '../src/appraisal.js';
import { accessToken } from '../src/profiles/access-token.js';
import { createResourceServer, type ResourceServer } from '../src/resource-server.js';
import type { Verifier } from '../src/verifier.js';

const clock = fixedClock(1_800_000_000);
const numberOfSteps = 4;
// The rules of the profile, and the binding.
const numberOfRules = accessToken.rules.length + 1;

/** How many lines have each verdict. */
function verdictsOf({ lines }: Appraisal): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict } of lines) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

const codesOf = ({ lines }: Appraisal) => lines.flatMap(({ code }) => (code === undefined ? [] : [code]));

describe('an appraisal', () => {
  let builder: TokenBuilder;
  let stranger: TokenBuilder;
  let verifier: Verifier;
  let api: ResourceServer;
  beforeAll(async () => {
    builder = await createTokenBuilder({ clock, kid: 'k1' });
    stranger = await createTokenBuilder({ clock, kid: 'k1' });
    const options = { issuer: builder.issuer, audience: builder.audience, keys: builder.jwks, clock };
    verifier = createAccessTokenVerifier(options);
    api = createResourceServer(options);
  });

  it('of a good token is satisfied with every step and every rule', async () => {
    const appraisal = await verifier.appraise(builder.accessToken());
    expect(appraisal).toMatchObject({ profile: 'access-token', outcome: 'accepted' });
    expect(verdictsOf(appraisal)).toEqual({ satisfied: numberOfSteps + numberOfRules });
  });

  it('goes on after a finding, so that people see all of them', async () => {
    const appraisal = await verifier.appraise(
      builder.accessToken(
        { aud: 'https://other.example', exp: 1, jti: undefined },
        { header: { typ: 'JWT' } },
      ),
    );
    expect(appraisal.outcome).toBe('rejected');
    expect(codesOf(appraisal)).toEqual([
      'token.type-mismatch',
      'token.audience-mismatch',
      'token.expired',
      'token.claim-invalid',
    ]);
    expect(verdictsOf(appraisal)).toEqual({
      satisfied: numberOfSteps + numberOfRules - 5,
      rejected: 4,
      'not reached': 1,
    });
  });

  const stepFaults: readonly (readonly [string, number, string, () => string])[] = [
    ['parsed', 0, 'token.malformed', () => 'x'],
    [
      'parsed for want of alg',
      0,
      'token.malformed',
      () => builder.accessToken({}, { header: { alg: undefined } }),
    ],
    ['of a known issuer', 1, 'token.issuer-unknown', () => builder.accessToken({ iss: 'https://x.example' })],
    [
      'of an allowed algorithm',
      2,
      'token.algorithm-refused',
      () => builder.accessToken({}, { header: { alg: 'none' } }),
    ],
    ['of a known key', 2, 'token.key-unknown', () => builder.accessToken({}, { header: { kid: 'k2' } })],
    ['rightly signed', 3, 'token.signature-invalid', () => builder.accessToken({}, { key: stranger.key })],
  ];

  it.each(stepFaults)(
    'of a token that is not %s claims nothing beyond that step',
    async (_what, step, code, make) => {
      const appraisal = await verifier.appraise(make());
      expect(appraisal.outcome).toBe('rejected');
      expect(codesOf(appraisal)).toEqual([code]);
      expect(appraisal.lines.slice(0, step).every(({ verdict }) => verdict === 'satisfied')).toBe(true);
      expect(appraisal.lines[step]).toMatchObject({ verdict: 'rejected', code });
      expect(appraisal.lines.slice(step + 1).every(({ verdict }) => verdict === 'not reached')).toBe(true);
      expect(appraisal.lines).toHaveLength(numberOfSteps + numberOfRules);
    },
  );

  it('leaves open what could not be judged', async () => {
    const fetch = () => Promise.reject(new Error('no network here'));
    const remote = createAccessTokenVerifier({
      issuer: builder.issuer,
      audience: builder.audience,
      clock,
      fetch,
    });
    const appraisal = await remote.appraise(builder.accessToken());
    expect(appraisal.outcome).toBe('undetermined');
    expect(appraisal.lines[2]).toMatchObject({ verdict: 'undetermined', code: 'service.keys-unavailable' });
    expect(appraisal.lines[3]).toMatchObject({ verdict: 'not reached' });
  });

  it('of a token that is bound to a key nobody proved is rejected for that', async () => {
    const appraisal = await verifier.appraise(builder.accessToken({ cnf: { jkt: 'x' } }));
    expect(appraisal.outcome).toBe('rejected');
    expect(codesOf(appraisal)).toEqual(['token.confirmation-unverifiable']);
    await expect(verifier.verify(builder.accessToken({ cnf: { jkt: 'x' } }))).rejects.toMatchObject({
      code: 'token.confirmation-unverifiable',
      claim: 'cnf',
    });
  });

  it('can be narrowed to one audience', async () => {
    const appraisal = await verifier.appraise(builder.accessToken(), { audience: 'https://other.example' });
    expect(codesOf(appraisal)).toEqual(['token.audience-mismatch']);
  });

  describe('of a request', () => {
    const request = (...authorization: string[]) => ({ method: 'GET', url: '/', headers: { authorization } });

    it('is that of its token', async () => {
      expect(await api.appraise(request(`Bearer ${builder.accessToken()}`))).toMatchObject({
        outcome: 'accepted',
      });
    });

    it.each([
      ['without a token', 'request.token-missing', request()],
      ['with a malformed one', 'request.token-malformed', request('Bearer a b')],
      ['with two', 'request.token-repeated', request('Bearer a', 'Bearer a')],
    ])('%s reaches nothing', async (_what, code, view) => {
      const appraisal = await api.appraise(view);
      expect(appraisal.outcome).toBe('rejected');
      expect(codesOf(appraisal)).toEqual([code]);
      expect(verdictsOf(appraisal)).toEqual({ rejected: 1, 'not reached': numberOfSteps + numberOfRules });
    });
  });

  it('is written as a table with a mark, a sentence, a source and the code', async () => {
    const text = String(await verifier.appraise(builder.accessToken({ exp: 1 })));
    const lines = text.split('\n');
    expect(lines[0]).toBe('access-token: rejected');
    expect(lines).toHaveLength(1 + numberOfSteps + numberOfRules);
    expect(text).toMatch(/^ {2}✓ aud names this receiver +RFC 9068 section 4; RFC 7519 section 4.1.3$/m);
    expect(text).toMatch(/^ {2}✗ exp lies ahead +RFC 7519 section 4.1.4 {2}token.expired \(mismatch\)$/m);
  });

  it('shows nothing that was received', async () => {
    const claims = { ...builder.claims(), iss: 'marker-iss', sub: 'marker-sub', aud: 'marker-aud', acr: 7 };
    const forged = compactJws({
      header: { ...builder.header(), kid: 'marker-kid', typ: 'marker-typ' },
      payload: claims,
      key: stranger.key,
    });
    const signed = builder.accessToken(
      { sub: 'marker-sub', aud: 'marker-aud', jti: 'marker-jti', exp: 1 },
      { header: { typ: 'marker-typ' } },
    );
    for (const token of [forged, signed]) {
      const appraisal = await verifier.appraise(token);
      expect(appraisal.outcome).toBe('rejected');
      expect(`${JSON.stringify(appraisal)} ${String(appraisal)}`).not.toContain('marker');
    }
  });
});
