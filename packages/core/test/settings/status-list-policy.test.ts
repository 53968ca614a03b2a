import { describe, expect, it } from '@jest/globals';
import { statusListPolicyFrom } from '../../src/settings/status-list-policy.js';
import { defaultStatusListPolicy, type StatusListPolicy } from '../../src/standing/status-list-policy.js';
import { expectSetupError } from '../support/setup-problem.js';

const mebibyte = 1024 * 1024;

describe('statusListPolicyFrom', () => {
  it('is five seconds for a fetch, 2 MiB for a list, an hour at most, and nothing stale by default', () => {
    expect(statusListPolicyFrom()).toEqual({
      minimumAgeSeconds: 10,
      defaultAgeSeconds: 300,
      maximumAgeSeconds: 3600,
      staleIfErrorSeconds: 0,
      fetchTimeoutMs: 5000,
      maximumBytes: 2 * mebibyte,
      maximumInflatedBytes: 8 * mebibyte,
      maximumLists: 100,
      maximumCachedBytes: 64 * mebibyte,
    });
    const unset = { maximumLists: undefined } as unknown as Partial<StatusListPolicy>;
    expect(statusListPolicyFrom(unset)).toEqual(defaultStatusListPolicy);
  });

  it.each<readonly [name: keyof StatusListPolicy, least: number, most: number]>([
    ['minimumAgeSeconds', 1, 3600],
    ['defaultAgeSeconds', 1, 86_400],
    ['maximumAgeSeconds', 10, 86_400],
    ['staleIfErrorSeconds', 0, 86_400],
    ['fetchTimeoutMs', 1, 60_000],
    ['maximumBytes', 1, 64 * mebibyte],
    ['maximumInflatedBytes', 1, 64 * mebibyte],
    ['maximumLists', 1, 10_000],
    ['maximumCachedBytes', 8 * mebibyte, 1024 * mebibyte],
  ])('takes %s from %i to %i', (name, least, most) => {
    // A bound that depends on another setting is the other setting's default here.
    expect(() => statusListPolicyFrom({ [name]: least })).not.toThrow();
    expect(() => statusListPolicyFrom({ [name]: most })).not.toThrow();
    expect(() => statusListPolicyFrom({ [name]: least - 1 })).toThrow(`statusListPolicy.`);
    expect(() => statusListPolicyFrom({ [name]: most + 1 })).toThrow(`statusListPolicy.`);
  });

  it.each([NaN, Infinity, '60', null])('takes %p for no number', async (value) => {
    await expectSetupError(() => statusListPolicyFrom({ maximumLists: value as number }), {
      option: 'statusListPolicy.maximumLists',
      problem: 'it is not a number from 1 to 10000',
      remedy: 'the default is 100',
    });
  });

  it('has a lower bound below the upper one', async () => {
    await expectSetupError(() => statusListPolicyFrom({ minimumAgeSeconds: 61, maximumAgeSeconds: 60 }), {
      option: 'statusListPolicy.minimumAgeSeconds',
      problem: 'it is above maximumAgeSeconds',
      remedy: 'lower bound',
    });
  });

  it('has room for at least one list', async () => {
    await expectSetupError(
      () => statusListPolicyFrom({ maximumInflatedBytes: 1001, maximumCachedBytes: 1000 }),
      {
        option: 'statusListPolicy.maximumCachedBytes',
        problem: 'it is below maximumInflatedBytes',
        remedy: 'room for at least one list',
      },
    );
  });

  it.each([
    [{ maximumAgeSeconds: 60 }, 60],
    [{ minimumAgeSeconds: 600 }, 600],
    [{}, 300],
  ])('keeps lists without ttl within the bounds of %j: %i seconds', (given, defaultAgeSeconds) => {
    expect(statusListPolicyFrom(given)).toMatchObject({ defaultAgeSeconds });
  });

  it('knows no other settings', async () => {
    await expectSetupError(() => statusListPolicyFrom({ maximumList: 1 } as object), {
      option: 'statusListPolicy.maximumList',
      problem: 'there is no such option',
      remedy: 'Did you mean maximumLists?',
    });
  });
});
