import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Jwk, StatusListVerifierOptions } from '@assay/core';
import {
  compactJws,
  createTokenBuilder,
  createTestIssuer,
  fixedClock,
  type TokenBuilder,
} from '@assay/testing';
import { decodeStatusList, statusAt } from '../src/standing/decode-status-list.js';
import { createStatusListVerifier } from '../src/status-list-verifier.js';
import { expectRefusal } from './support/refusal.js';
import { expectSetupError } from './support/setup-problem.js';
import { statusListClaim } from './standing/support/status-lists.js';

const clock = fixedClock(1_800_000_000);
const issuer = 'https://as.example';
const uri = 'https://as.example/statuslists/1';
const reference = { issuer, uri };

describe('createStatusListVerifier', () => {
  let tokens: TokenBuilder;
  let other: TokenBuilder;

  beforeAll(async () => {
    [tokens, other] = await Promise.all([createTokenBuilder({ clock }), createTokenBuilder({ clock })]);
  });

  const start = (options: Partial<StatusListVerifierOptions> = {}) =>
    createStatusListVerifier({
      statusIssuers: [
        { issuer, uris: ['https://as.example/statuslists/'], keys: tokens.jwks },
        { issuer: 'https://other.example', uris: [uri], keys: other.jwks },
      ],
      leewaySeconds: 0,
      clock,
      ...options,
    });
  const listJwt = (claims: Record<string, unknown> = {}, key: Jwk = tokens.key) =>
    compactJws({
      header: { alg: 'ES256', kid: key['kid'], typ: 'statuslist+jwt' },
      payload: {
        sub: uri,
        iat: clock.nowSeconds(),
        status_list: statusListClaim(2, [0, 1, 2]),
        ...claims,
      },
      key,
    });

  it('is the list of the issuer at the URI, ready to be unpacked', async () => {
    const accepted = await start().verify(listJwt(), reference);
    expect(accepted).toMatchObject({ kind: 'status-list', issuer });
    const list = await decodeStatusList(accepted.claims['status_list']);
    expect([0, 1, 2, 4].map((index) => statusAt(list, index))).toEqual([0, 1, 2, undefined]);
  });

  it('goes by the issuer of the reference, and not by what the list says', async () => {
    const verifier = start();
    const ofOther = listJwt({ iss: issuer }, other.key);
    await expect(verifier.verify(ofOther, { issuer: 'https://other.example', uri })).resolves.toMatchObject({
      issuer: 'https://other.example',
    });
    await expectRefusal(() => verifier.verify(ofOther, reference), 'token.key-unknown', {
      claim: 'kid',
      reason: 'mismatch',
    });
  });

  it('refuses the reference to an issuer that nobody named', async () => {
    await expectRefusal(
      () => start().verify(listJwt(), { issuer: 'https://third.example', uri }),
      'token.issuer-unknown',
      { claim: 'iss', reason: 'mismatch' },
    );
  });

  it('refuses a URI that is none of the issuer', async () => {
    const elsewhere = 'https://as.example/other/1';
    await expectRefusal(
      () => start().verify(listJwt({ sub: elsewhere }), { issuer, uri: elsewhere }),
      'token.status-uri-refused',
      { claim: 'uri', reason: 'mismatch' },
    );
  });

  it('refuses the list of another URI of the issuer', async () => {
    await expectRefusal(
      () => start().verify(listJwt({ sub: `${uri}0` }), reference),
      'token.subject-refused',
      { claim: 'sub', reason: 'mismatch' },
    );
  });

  it('forgives a difference of the clocks, where it is told to', async () => {
    const expired = listJwt({ exp: clock.nowSeconds() - 9 });
    await expectRefusal(() => start().verify(expired, reference), 'token.expired', {
      claim: 'exp',
      reason: 'mismatch',
    });
    const lenient = start({ leewaySeconds: 10 });
    await expect(lenient.verify(expired, reference)).resolves.toMatchObject({ kind: 'status-list' });
  });

  it('takes a list for an audience only where it is told who it is', async () => {
    const forApi = listJwt({ aud: 'https://api.example' });
    await expectRefusal(() => start().verify(forApi, reference), 'token.audience-mismatch', {
      claim: 'aud',
      reason: 'mismatch',
    });
    const named = start({
      statusIssuers: [{ issuer, uris: [uri], keys: tokens.jwks, audience: 'https://api.example' }],
    });
    await expect(named.verify(forApi, reference)).resolves.toMatchObject({ kind: 'status-list' });
  });

  it('takes a list that is longer than any token, up to the limit', async () => {
    const long = listJwt({ filler: 'x'.repeat(30_000) });
    await expect(start().verify(long, reference)).resolves.toMatchObject({ kind: 'status-list' });
    await expect(start({ maximumBytes: long.length }).verify(long, reference)).resolves.toBeDefined();
    await expectRefusal(
      () => start({ maximumBytes: long.length - 1 }).verify(long, reference),
      'token.too-large',
    );
  });

  it('appraises every step and rule', async () => {
    const good = await start().appraise(listJwt(), reference);
    expect(good.outcome).toBe('accepted');
    expect(good.lines.map(({ verdict }) => verdict)).toEqual(good.lines.map(() => 'satisfied'));
    expect(good.lines.map(({ guarantees }) => guarantees)).toEqual(
      expect.arrayContaining([
        'the configuration names the URI as one of the issuer',
        'the signature is by that key',
        'typ is statuslist+jwt',
        'status_list holds a list, and bits is 1, 2, 4 or 8',
      ]),
    );
    const bad = await start().appraise(listJwt({ ttl: 0, sub: 'x' }), reference);
    expect(bad.outcome).toBe('rejected');
    expect(bad.lines.flatMap(({ code }) => code ?? [])).toEqual([
      'token.subject-refused',
      'token.claim-invalid',
    ]);
  });

  it.each([
    ['the issuer is unknown', { issuer: 'https://third.example', uri }, 'token.issuer-unknown'],
    ['the URI is not of the issuer', { issuer, uri: 'https://x.example/' }, 'token.status-uri-refused'],
  ])('appraises nothing else where %s', async (_what, context, code) => {
    const { outcome, lines } = await start().appraise(listJwt(), context);
    expect(outcome).toBe('rejected');
    expect(lines.filter((line) => line.code !== undefined)).toMatchObject([{ verdict: 'rejected', code }]);
    expect(lines.at(-1)).toMatchObject({ verdict: 'not reached' });
  });

  it('discovers the keys of an issuer that has none in the configuration, and loads them when asked', async () => {
    const real = await createTestIssuer({ clock });
    const listed = `${real.issuer}/statuslists/1`;
    const statusIssuers = [{ issuer: real.issuer, uris: [listed] }];
    const verifier = start({ statusIssuers, allowInsecureLoopback: true });
    await verifier.ready();
    expect(real.requests).toHaveLength(2);
    const accepted = await verifier.verify(listJwt({ sub: listed }, real.key), {
      issuer: real.issuer,
      uri: listed,
    });
    expect(accepted.issuer).toBe(real.issuer);
    expect(real.requests).toHaveLength(2);
    await real.close();
  });

  it.each<readonly [what: string, options: object, option: string, problem: string, remedy: string]>([
    ['no issuers', { statusIssuers: [] }, 'statusIssuers', 'no issuer of status lists', 'Name at least one'],
    ['one for a list', { statusIssuers: {} }, 'statusIssuers', 'no issuer of status lists', 'Name at least'],
    [
      'no URIs',
      { statusIssuers: [{ issuer }] },
      'statusIssuers[0].uris',
      'it does not say where the lists are',
      'List the URIs',
    ],
    [
      'an issuer twice',
      {
        statusIssuers: [
          { issuer, uris: [uri] },
          { issuer, uris: [uri] },
        ],
      },
      'statusIssuers[1].issuer',
      'https://as.example stands twice',
      'Merge',
    ],
    [
      'an issuer that is no URL',
      { statusIssuers: [{ issuer: 'as', uris: [uri] }] },
      'statusIssuers[0].issuer',
      'an issuer is an https URL',
      'Give a URL',
    ],
    [
      'an unknown option of an issuer',
      { statusIssuers: [{ issuer, uri: [uri] }] },
      'statusIssuers[0].uri',
      'there is no such option',
      'Did you mean uris?',
    ],
    ['an unknown option', { statusIssuer: [] }, 'statusIssuer', 'there is no such option', 'statusIssuers'],
    ['no size', { maximumBytes: 0 }, 'maximumBytes', 'it is not a number from 1 to', 'the default is'],
    ['a long leeway', { leewaySeconds: 301 }, 'leewaySeconds', 'it is not a number from 0 to 300', '10'],
  ])('takes %s for a mistake', async (_what, options, option, problem, remedy) => {
    await expectSetupError(() => start(options), { option, problem, remedy });
  });
});
