import { describe, expect, it } from '@jest/globals';
import { knownAlgorithms } from '../../src/algorithms.js';
import { algorithmsFrom } from '../../src/settings/algorithm-list.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('algorithmsFrom', () => {
  it('allows every known algorithm where nothing is said, none of them unsigned or symmetric', () => {
    const allowed: readonly string[] = [...algorithmsFrom()];
    expect(allowed).toEqual(knownAlgorithms);
    expect(allowed).toEqual(expect.arrayContaining(['RS256', 'ES256', 'EdDSA']));
    expect(allowed.filter((name) => name === 'none' || name.startsWith('HS'))).toEqual([]);
  });

  it('allows what is named and nothing else', () => {
    expect([...algorithmsFrom(['ES256', 'RS256'])]).toEqual(['ES256', 'RS256']);
  });

  it.each(['none', 'None', 'HS256', 'es256', 'ES256 ', 'RSA1_5', 'constructor', 7, null])(
    'refuses %p',
    async (name) => {
      await expectSetupError(() => algorithmsFrom(['ES256', name as string]), {
        option: 'algorithms',
        problem: `${JSON.stringify(name)} is not a supported asymmetric algorithm`,
        remedy: 'spelt as in the alg header',
      });
    },
  );

  it.each([[[]], ['ES256'], [null], [{}]])('refuses %j for a list', async (names) => {
    await expectSetupError(() => algorithmsFrom(names as unknown as string[]), {
      option: 'algorithms',
      problem: 'it is not a list with an algorithm in it',
      remedy: 'or leave the option out',
    });
  });

  it('names the option of an entry of a list', async () => {
    await expectSetupError(() => algorithmsFrom([], 'issuer[1].algorithms'), {
      option: 'issuer[1].algorithms',
      problem: 'it is not a list with an algorithm in it',
      remedy: 'Name at least one of RS256',
    });
  });
});
