import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { createDpopNonces, type DpopNoncesOptions } from '../../src/binding/dpop-nonces.js';

const secret = randomBytes(32);

describe('createDpopNonces', () => {
  const make = (changes: Partial<DpopNoncesOptions> = {}) => {
    const clock = fixedClock(1_800_000_000);
    const options = { secrets: [secret], owner: 'orders', lifetimeSeconds: 100, clock, ...changes };
    return { clock, nonces: createDpopNonces(options) };
  };

  it.each([
    [0, 'good'],
    [74.999, 'good'],
    [75, 'aging'],
    [99.999, 'aging'],
    [100, 'refused'],
    [1e9, 'refused'],
    [-100, 'good'],
    [-100.001, 'refused'],
  ])('judges a nonce after %d of its 100 seconds: %s', (seconds, verdict) => {
    const { clock, nonces } = make();
    const nonce = nonces.fresh();
    clock.advanceSeconds(seconds);
    expect(nonces.judge(nonce)).toBe(verdict);
  });

  it('makes nonces of 46 characters, none of them twice', () => {
    const { nonces } = make();
    const made = Array.from({ length: 1000 }, () => nonces.fresh());
    expect(new Set(made).size).toBe(1000);
    for (const nonce of made) expect(nonce).toMatch(/^[\w-]{46}$/);
  });

  it.each<[string, Partial<DpopNoncesOptions>]>([
    ['of another owner', { owner: 'billing' }],
    ['of an owner whose name begins alike', { owner: 'orders\0' }],
    ['by another secret', { secrets: [randomBytes(32)] }],
  ])('refuses one %s', (_what, changes) => {
    expect(make().nonces.judge(make(changes).nonces.fresh())).toBe('refused');
  });

  it('accepts what any of its secrets made, and makes with the first', () => {
    const next = randomBytes(32);
    const both = make({ secrets: [next, secret] }).nonces;
    expect(both.judge(make().nonces.fresh())).toBe('good');
    expect(make({ secrets: [next] }).nonces.judge(both.fresh())).toBe('good');
    expect(make().nonces.judge(both.fresh())).toBe('refused');
  });

  it.each([
    '',
    'x',
    '=',
    'A'.repeat(45),
    'A'.repeat(46),
    'A'.repeat(47),
    'A'.repeat(1_000_000),
    '\u0000',
    '__proto__',
  ])('refuses %#', (nonce) => {
    expect(make().nonces.judge(nonce)).toBe('refused');
  });

  it('refuses every nonce of which one character was changed', () => {
    const { nonces } = make();
    const nonce = nonces.fresh();
    for (let at = 0; at < nonce.length; at++) {
      const other = nonce[at] === 'A' ? 'B' : 'A';
      expect(nonces.judge(nonce.slice(0, at) + other + nonce.slice(at + 1))).toBe('refused');
    }
  });

  it('cannot be made without a secret', () => {
    expect(() => make({ secrets: [] })).toThrow(RangeError);
  });
});
