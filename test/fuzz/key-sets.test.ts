import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, type Jwk } from '@assay/core';
import { createTokenBuilder, fixedClock, publicJwk, type TokenBuilder } from '@assay/testing';
import fc from 'fast-check';
import { fuzz, outcomeOf, seeds, tellRun } from './support/fuzz.js';

/**
 * Key sets of every shape, beside a valid token. It may be accepted only where the set holds the very key that signed,
 * published for verifying; a set that is none is an outage of ours and not the token's fault.
 */
describe('key sets', () => {
  const clock = fixedClock(1_800_000_000);
  let builder: TokenBuilder;
  let other: TokenBuilder;
  beforeAll(async () => {
    builder = await createTokenBuilder({ clock, kid: 'k1' });
    other = await createTokenBuilder({ clock, kid: 'k1' });
  });
  afterAll(() => {
    tellRun('key sets');
  });

  const values = fc.oneof(
    fc.constantFrom<unknown>(
      undefined,
      null,
      '',
      'k1',
      'k2',
      'EC',
      'RSA',
      'oct',
      'OKP',
      'P-256',
      'P-384',
      'sig',
      'enc',
    ),
    fc.constantFrom<unknown>(
      'ES256',
      'HS256',
      'RS256',
      'none',
      ['verify'],
      ['sign'],
      ['verify', 'verify'],
      [],
      {},
      7,
      'AQAB',
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const members = fc.constantFrom(
    'kty',
    'crv',
    'x',
    'y',
    'kid',
    'use',
    'key_ops',
    'alg',
    'x5c',
    'k',
    'd',
    'n',
    'e',
  );
  const entry = fc.oneof(
    fc.record({ own: fc.boolean(), changes: fc.dictionary(members, values, { maxKeys: 2 }) }),
    fc.record({ raw: fc.jsonValue({ maxDepth: 2 }) }),
  );
  const documents = fc.oneof(
    { weight: 9, arbitrary: fc.record({ entries: fc.array(entry, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ text: fc.oneof(fc.json({ maxDepth: 3 }), fc.string()) }) },
  );

  const refusals = ['401 token.key-unknown', '401 token.signature-invalid', '503 service.keys-unavailable'];

  function mayVerify(candidate: unknown): boolean {
    if (typeof candidate !== 'object' || candidate === null) return false;
    const { kty, crv, x, y, kid, use, key_ops: operations, alg } = candidate as Jwk;
    const key = builder.key;
    return (
      [kty, crv, x, y].join() === [key.kty, key['crv'], key['x'], key['y']].join() &&
      kid === 'k1' &&
      (use === undefined || use === 'sig') &&
      (operations === undefined || (Array.isArray(operations) && operations.includes('verify'))) &&
      (alg === undefined || alg === 'ES256')
    );
  }

  it.each(seeds)('verify a token only with the key that signed it (%s seed %p)', async (_name, seed) => {
    await fuzz(documents, { share: 0.15, seed }, async (document) => {
      const entries = 'text' in document ? [] : document.entries.map(published);
      const text = 'text' in document ? document.text : JSON.stringify({ keys: entries });
      const { issuer, audience } = builder;
      const server = createResourceServer({
        issuer,
        audience,
        clock,
        keys: { jwksUri: 'https://as.example/jwks' },
        fetch: () => Promise.resolve(new Response(text)),
      });
      const outcome = await outcomeOf(server, [`Bearer ${builder.accessToken()}`]);
      const answer = outcome.accepted ? 'accepted' : `${String(outcome.status)} ${outcome.code}`;
      const fine = entries.some(mayVerify) ? [...refusals, 'accepted'] : refusals;
      expect(fine).toContain(answer);
    });
  });

  function published(
    given: { own: boolean; changes: Readonly<Record<string, unknown>> } | { raw: unknown },
  ): unknown {
    if ('raw' in given) return given.raw;
    return { ...publicJwk((given.own ? builder : other).key), ...given.changes };
  }
});
