import { describe, expect, it } from '@jest/globals';
import { useUpProof } from '../../src/binding/use-up-proof.js';
import type { DpopProof } from '../../src/binding/verify-dpop-proof.js';
import type { Reservation, SingleUseStore } from '../../src/stores/single-use-store.js';
import { expectRefusal } from '../support/refusal.js';

const proof = (changes: Readonly<Record<string, unknown>> = {}, thumbprint = 'a key') => {
  const claims = { jti: 'one', htu: 'https://api.example/r', iat: 1_800_000_000, ...changes };
  return { claims, thumbprint } as unknown as DpopProof;
};
const window = { proofLifetimeSeconds: 60, leewaySeconds: 10 };

const use = (reserve: SingleUseStore['reserve'], used = proof()) => useUpProof({ reserve }, used, window);

async function reservationOf(used: DpopProof): Promise<Reservation> {
  const reservations: Reservation[] = [];
  await use((reservation) => {
    reservations.push(reservation);
    return Promise.resolve('reserved');
  }, used);
  expect(reservations).toHaveLength(1);
  return reservations[0] as Reservation;
}

describe('useUpProof', () => {
  it('reserves a digest for its key, until the proof is too old', async () => {
    expect(await reservationOf(proof())).toEqual({
      purpose: 'dpop-proof',
      scope: ['a key'],
      id: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: 1_800_000_071,
    });
  });

  it('tells proofs by their jti and their target', async () => {
    const ids = await Promise.all(
      [
        proof(),
        proof({ jti: 'two' }),
        proof({ htu: 'https://api.example/' }),
        proof({ jti: '', htu: 'https://api.example/rone' }),
        proof({ jti: 'rone', htu: 'https://api.example/' }),
      ].map(reservationOf),
    );
    expect(new Set(ids.map(({ id }) => id)).size).toBe(5);
    expect((await reservationOf(proof({ iat: 1 }))).id).toBe(ids[0]?.id);
    expect((await reservationOf(proof({}, 'another key'))).scope).toEqual(['another key']);
  });

  it('refuses what was used before', async () => {
    await expectRefusal(() => use(() => Promise.resolve('replayed')), 'proof.replayed', {
      claim: 'jti',
      reason: 'mismatch',
    });
  });

  it.each<[string, SingleUseStore['reserve']]>([
    ['rejects', () => Promise.reject(new Error('lost'))],
    [
      'throws',
      () => {
        throw new Error('lost');
      },
    ],
    ['answers nothing', () => Promise.resolve(undefined as never)],
    ['answers null', () => Promise.resolve(null as never)],
    ['answers true', () => Promise.resolve(true as never)],
    ['answers another word', () => Promise.resolve('RESERVED' as never)],
  ])('refuses where the store %s', async (_how, reserve) => {
    await expectRefusal(() => use(reserve), 'service.single-use-store-unavailable');
  });
});
