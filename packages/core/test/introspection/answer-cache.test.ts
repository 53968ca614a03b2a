import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fixedClock } from '@assay/testing';
import { answerCache } from '../../src/introspection/answer-cache.js';
import type { IntrospectionAnswer } from '../../src/introspection/answer.js';
import { digestOfToken } from '../../src/steps/token-digest.js';
import { nowSeconds } from '../support/evidence.js';

const active = (exp?: unknown): IntrospectionAnswer => ({ active: true, members: { sub: 'user-1', exp } });
const inactive: IntrospectionAnswer = { active: false };

function start(limits: Partial<Parameters<typeof answerCache>[0]> = {}) {
  const clock = fixedClock(nowSeconds);
  return { clock, cache: answerCache({ seconds: 60, maximumEntries: 3, ...limits }, clock) };
}

describe('answerCache', () => {
  it.each([
    ['active', active(nowSeconds + 3600)],
    ['inactive', inactive],
  ])('keeps an %s answer for as long as it is told, and not a moment longer', (_sort, answer) => {
    const { cache, clock } = start();
    cache.keep('a', answer);
    clock.advanceSeconds(59.999);
    expect(cache.find('a')).toBe(answer);
    clock.advanceSeconds(0.001);
    expect(cache.find('a')).toBeUndefined();
    expect(cache.size()).toEqual({ active: 0, inactive: 0 });
  });

  it('keeps no answer beyond the exp in it', () => {
    const { cache, clock } = start({ seconds: 300 });
    cache.keep('a', active(nowSeconds + 10));
    clock.advanceSeconds(9.999);
    expect(cache.find('a')).toBeDefined();
    clock.advanceSeconds(0.001);
    expect(cache.find('a')).toBeUndefined();
  });

  it.each([undefined, 'soon', null, Number.NaN, nowSeconds, nowSeconds - 1])(
    'does not keep an active answer whose exp is %p',
    (exp) => {
      const { cache } = start();
      cache.keep('a', active(exp));
      expect(cache.size()).toEqual({ active: 0, inactive: 0 });
    },
  );

  it('keeps nothing for 0 seconds', () => {
    const { cache } = start({ seconds: 0 });
    cache.keep('a', active(nowSeconds + 10));
    cache.keep('b', inactive);
    expect(cache.size()).toEqual({ active: 0, inactive: 0 });
    expect(cache.find('a')).toBeUndefined();
  });

  it('finds nothing where the clock was set back: how old the answer is, nobody knows', () => {
    const { cache, clock } = start();
    cache.keep('a', inactive);
    clock.advanceSeconds(-1);
    expect(cache.find('a')).toBeUndefined();
  });

  it('replaces the answer of before, of whichever sort', () => {
    const { cache } = start();
    cache.keep('a', active(nowSeconds + 3600));
    cache.keep('a', inactive);
    expect(cache.find('a')).toBe(inactive);
    expect(cache.size()).toEqual({ active: 0, inactive: 1 });
  });

  it('forgets a kept answer when the next one cannot be kept', () => {
    const { cache } = start();
    cache.keep('a', active(nowSeconds + 3600));
    cache.keep('a', active(nowSeconds));
    expect(cache.find('a')).toBeUndefined();
  });

  it('drops the older half of a full share, and no answer of the other sort', () => {
    const { cache } = start({ maximumEntries: 4 });
    cache.keep('good', active(nowSeconds + 3600));
    for (const digest of ['1', '2', '3', '4']) cache.keep(digest, inactive);
    expect(cache.size()).toEqual({ active: 1, inactive: 4 });
    cache.keep('5', inactive);
    expect(cache.size()).toEqual({ active: 1, inactive: 3 });
    expect(['1', '2', '3', '4', '5'].filter((digest) => cache.find(digest) === inactive)).toEqual([
      '3',
      '4',
      '5',
    ]);
    expect(cache.find('good')).toBeDefined();
  });

  it.each([2, 3, 4, 5])(
    'never keeps more than %i answers of a sort where that is the limit',
    (maximumEntries) => {
      const { cache } = start({ maximumEntries });
      for (const digest of ['1', '2', '3', '4', '5', '6', '7']) {
        cache.keep(digest, inactive);
        expect(cache.size().inactive).toBeLessThanOrEqual(maximumEntries);
        expect(cache.find(digest)).toBe(inactive);
      }
    },
  );

  it('[rfc7662-4-cache-policy] stays as small as it is told under 10^6 random tokens', () => {
    const maximumEntries = 10_000;
    const { cache } = start({ maximumEntries });
    const random = randomBytes(16 * 1_000_000);
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < random.length; at += 16) {
      cache.keep(digestOfToken(random.toString('base64url', at, at + 16)), inactive);
    }
    const megabytes = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
    process.stdout.write(
      `10^6 random tokens: ${String(cache.size().inactive)} answers kept, ${megabytes.toFixed(1)} MB more in use\n`,
    );
    expect(cache.size()).toEqual({ active: 0, inactive: maximumEntries });
  }, 120_000);

  it('[rfc9700-4.9.3-no-plaintext] holds digests, and no token', () => {
    const { cache } = start();
    const token = 'a-very-secret-opaque-token';
    cache.keep(digestOfToken(token), inactive);
    expect(cache.find(digestOfToken(token))).toBe(inactive);
    expect(inspect(cache, { depth: Infinity, showHidden: true })).not.toContain(token);
  });
});
