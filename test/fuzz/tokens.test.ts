import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, type ResourceServer } from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import fc from 'fast-check';
import { fuzz, outcomeOf, seeds, tellRun } from './support/fuzz.js';

/**
 * The text of a token, changed without the issuer's key. What is accepted must be what the issuer signed: the text
 * before the last period is, byte for byte, the signing input of a token that it made.
 */
describe('tokens changed by strangers', () => {
  const clock = fixedClock(1_800_000_000);
  const signingInputs = new Set<string>();
  let tokens: readonly string[];
  let api: ResourceServer;
  beforeAll(async () => {
    const builder: TokenBuilder = await createTokenBuilder({ clock, kid: 'k1' });
    const { issuer, audience, jwks: keys } = builder;
    api = createResourceServer({ issuer, audience, keys, clock });
    tokens = Array.from({ length: 20 }, (_, number) =>
      builder.accessToken({ sub: `user-${String(number)}` }),
    );
    for (const token of tokens) signingInputs.add(token.slice(0, token.lastIndexOf('.')));
  });
  afterAll(() => {
    tellRun('tokens');
  });

  const alphabet = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~');
  const piece = fc.oneof(
    fc
      .array(fc.constantFrom(...alphabet), { minLength: 0, maxLength: 12 })
      .map((letters) => letters.join('')),
    fc.constantFrom('.', '..', '=', '', 'e30', 'bnVsbA', 'W10', 'eyJhbGciOiJub25lIn0'),
  );
  const at = fc.double({ min: 0, max: 1, noNaN: true });
  const index = fc.nat({ max: 19 });
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('replace' as const), from: at, length: fc.nat({ max: 20 }), piece }),
    fc.record({ kind: fc.constant('cut' as const), from: at }),
    fc.record({ kind: fc.constant('segment' as const), segment: fc.nat({ max: 2 }), piece }),
    fc.record({ kind: fc.constant('borrow' as const), segment: fc.nat({ max: 2 }), other: index }),
    fc.record({ kind: fc.constant('swap' as const), segment: fc.nat({ max: 2 }), with: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant('bit' as const), from: at, bit: fc.nat({ max: 7 }) }),
  );
  type Mutation = (typeof mutation extends fc.Arbitrary<infer Value> ? Value : never) & {
    readonly kind: string;
  };

  function mutate(token: string, change: Mutation): string {
    const segments = token.split('.');
    const place = (from: number) => Math.floor(from * token.length);
    switch (change.kind) {
      case 'replace':
        return (
          token.slice(0, place(change.from)) + change.piece + token.slice(place(change.from) + change.length)
        );
      case 'cut':
        return token.slice(0, place(change.from));
      case 'segment':
        return segments.with(change.segment, change.piece).join('.');
      case 'borrow':
        return segments
          .with(change.segment, tokens[change.other]?.split('.')[change.segment] ?? '')
          .join('.');
      case 'swap':
        return segments.with(change.segment, segments[change.with] ?? '').join('.');
      case 'bit': {
        const bytes = Buffer.from(token);
        const position = Math.min(place(change.from), bytes.length - 1);
        bytes.writeUInt8((bytes[position] ?? 0) ^ (1 << change.bit), position);
        return bytes.toString('latin1');
      }
    }
  }

  it.each(seeds)('are accepted only as the issuer signed them (%s seed %p)', async (_name, seed) => {
    const inputs = fc.tuple(index, fc.array(mutation, { minLength: 1, maxLength: 3 }));
    await fuzz(inputs, { share: 0.4, seed }, async ([number, changes]) => {
      // A mutation of a mutation may have fewer segments than three: then there is nothing more to change.
      const changed = changes.reduce(
        (token, change) => (token.split('.').length === 3 ? mutate(token, change) : token),
        tokens[number] ?? '',
      );
      const outcome = await outcomeOf(api, [`Bearer ${changed}`]);
      const isSigned = signingInputs.has(changed.slice(0, changed.lastIndexOf('.')));
      const answer = outcome.accepted ? 'accepted' : outcome.status;
      expect(isSigned ? [400, 401, 'accepted'] : [400, 401]).toContain(answer);
    });
  });
});
