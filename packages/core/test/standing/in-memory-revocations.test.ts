import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { inMemoryRevocations } from '../../src/standing/in-memory-revocations.js';
import type { Revocation } from '../../src/standing/revocation-store.js';
import { expectSetupError } from '../support/setup-problem.js';

const issuer = 'https://as.example';
const now = 1_800_000_000;

function start(maximumEntries?: number) {
  const clock = fixedClock(now);
  return {
    clock,
    store: inMemoryRevocations(maximumEntries === undefined ? { clock } : { clock, maximumEntries }),
  };
}

// What every store has to do is held by the contract suite; here is what is particular to this one.
describe('inMemoryRevocations', () => {
  it('keeps a revocation for 300 seconds after the last token has expired', async () => {
    const { store, clock } = start();
    await store.revoke({ issuer, tokenId: 'a', expiresAt: now + 60 });
    clock.advanceSeconds(359.999);
    await expect(store.isRevoked({ issuer, tokenId: 'a' })).resolves.toBe(true);
    clock.advanceSeconds(0.001);
    await expect(store.isRevoked({ issuer, tokenId: 'a' })).resolves.toBe(false);
  });

  it('keeps a revocation without an end for good', async () => {
    const { store, clock } = start();
    await store.revoke({ issuer, subject: 'user-1' });
    clock.advanceSeconds(1e9);
    await expect(store.isRevoked({ issuer, subject: 'user-1' })).resolves.toBe(true);
  });

  it('does not let one that is over widen the next', async () => {
    const { store, clock } = start();
    await store.revoke({ issuer, subject: 'user-1', expiresAt: now + 60 });
    clock.advanceSeconds(360);
    await store.revoke({ issuer, subject: 'user-1', issuedBefore: now, expiresAt: now + 1000 });
    const token = { issuer, subject: 'user-1' };
    await expect(store.isRevoked({ ...token, issuedAt: now })).resolves.toBe(false);
    await expect(store.isRevoked({ ...token, issuedAt: now - 1 })).resolves.toBe(true);
  });

  it('refuses more than it has room for, and forgets nothing that is live', async () => {
    const { store, clock } = start(2);
    await store.revoke({ issuer, tokenId: 'a', expiresAt: now + 60 });
    await store.revoke({ issuer, tokenId: 'b' });
    await expect(store.revoke({ issuer, tokenId: 'c' })).rejects.toThrow('full');
    // One that it holds already takes no room.
    await store.revoke({ issuer, tokenId: 'b', issuedBefore: now });
    for (const tokenId of ['a', 'b']) {
      await expect(store.isRevoked({ issuer, tokenId })).resolves.toBe(true);
    }
    await expect(store.isRevoked({ issuer, tokenId: 'c' })).resolves.toBe(false);
    clock.advanceSeconds(360);
    await store.revoke({ issuer, tokenId: 'c' });
    await expect(store.isRevoked({ issuer, tokenId: 'c' })).resolves.toBe(true);
    await expect(store.revoke({ issuer, tokenId: 'd' })).rejects.toThrow('full');
  });

  it.each<readonly [what: string, revocation: Revocation]>([
    ['no identifier', { issuer }],
    ['two identifiers', { issuer, tokenId: 'a', subject: 'b' }],
    ['an empty identifier', { issuer, tokenId: '' }],
    ['a number for an identifier', { issuer, tokenId: 7 as never }],
    ['no issuer', { tokenId: 'a' } as never],
    ['an empty issuer', { issuer: '', tokenId: 'a' }],
    ['an instant that is none', { issuer, tokenId: 'a', issuedBefore: NaN }],
    ['an end that is none', { issuer, tokenId: 'a', expiresAt: NaN }],
    ['a text for an end', { issuer, tokenId: 'a', expiresAt: '2030' as never }],
    ['a text for an instant', { issuer, tokenId: 'a', issuedBefore: '2030' as never }],
  ])('refuses a revocation with %s', async (_what, revocation) => {
    const { store } = start();
    await expect(store.revoke(revocation)).rejects.toThrow(RangeError);
  });

  it('tells its listeners of every revocation, until they have heard enough', async () => {
    const { store } = start();
    const heard: Revocation[] = [];
    const listen = (revocation: Revocation) => {
      heard.push(revocation);
    };
    const endFirst = store.subscribe?.(listen);
    store.subscribe?.(() => {
      throw new Error('of the listener');
    });
    const endSecond = store.subscribe?.(listen);
    const revocation = { issuer, tokenId: 'a', expiresAt: now + 60 };
    await store.revoke(revocation);
    expect(heard).toEqual([revocation, revocation]);
    endFirst?.();
    await store.revoke(revocation);
    expect(heard).toHaveLength(3);
    endSecond?.();
    await store.revoke(revocation);
    expect(heard).toHaveLength(3);
  });

  it('tells its listeners when the store says so already', async () => {
    const { store } = start();
    const answers: Promise<boolean>[] = [];
    store.subscribe?.(({ tokenId }) => answers.push(store.isRevoked({ issuer, tokenId })));
    await store.revoke({ issuer, tokenId: 'a' });
    await expect(Promise.all(answers)).resolves.toEqual([true]);
  });

  it('tells nobody of what it refused', async () => {
    const { store } = start();
    const heard: Revocation[] = [];
    store.subscribe?.((revocation) => heard.push(revocation));
    await expect(store.revoke({ issuer })).rejects.toThrow(RangeError);
    expect(heard).toEqual([]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10'])('takes %p for no number of entries', async (maximumEntries) => {
    await expectSetupError(() => inMemoryRevocations({ maximumEntries: maximumEntries as number }), {
      option: 'maximumEntries',
      problem: 'it is not a positive integer',
      remedy: 'leave the option out',
    });
  });

  it('knows no other options', async () => {
    await expectSetupError(() => inMemoryRevocations({ maximumEntrys: 1 } as object), {
      option: 'maximumEntrys',
      problem: 'there is no such option',
      remedy: 'maximumEntries',
    });
  });
});
