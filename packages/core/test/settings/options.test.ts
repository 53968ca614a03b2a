import { describe, expect, it } from '@jest/globals';
import { knownOptionsOnly } from '../../src/settings/options.js';
import { expectSetupError } from '../support/setup-problem.js';

const known = ['issuer', 'audience', 'leewaySeconds'];

describe('knownOptionsOnly', () => {
  it.each([[{}], [{ issuer: 'x' }], [{ issuer: undefined, audience: 'x', leewaySeconds: 1 }]])(
    'lets %j pass',
    (options) => {
      expect(() => {
        knownOptionsOnly(options, known);
      }).not.toThrow();
    },
  );

  it.each([
    ['audiance', 'audience'],
    ['Audience', 'audience'],
    ['audienc', 'audience'],
    ['leewayseconds', 'leewaySeconds'],
    ['leewaySecond', 'leewaySeconds'],
  ])('refuses %s and knows what was meant', async (name, meant) => {
    await expectSetupError(
      () => {
        knownOptionsOnly({ [name]: 1 }, known);
      },
      { option: name, problem: 'there is no such option', remedy: `Did you mean ${meant}?` },
    );
  });

  it.each(['clockTolerance', '__proto__x', 'x', 'toString'])(
    'refuses %s and lists what there is',
    async (name) => {
      await expectSetupError(
        () => {
          knownOptionsOnly({ [name]: 1 }, known);
        },
        {
          option: name,
          problem: 'there is no such option',
          remedy: 'Known options: issuer, audience, leewaySeconds.',
        },
      );
    },
  );

  it('says where a nested option stands', async () => {
    await expectSetupError(
      () => {
        knownOptionsOnly({ maximumBites: 1 }, ['maximumBytes'], 'keyPolicy');
      },
      {
        option: 'keyPolicy.maximumBites',
        problem: 'there is no such option',
        remedy: 'Did you mean maximumBytes?',
      },
    );
  });

  it.each([undefined, null, 'issuer', 7])('refuses %p, which is no object', async (options) => {
    await expectSetupError(
      () => {
        knownOptionsOnly(options, known);
      },
      {
        option: 'options',
        problem: 'it is not an object',
        remedy: 'Give an object with issuer and audience.',
      },
    );
    await expectSetupError(
      () => {
        knownOptionsOnly(options, known, 'issuer[0]');
      },
      { option: 'issuer[0]', problem: 'it is not an object', remedy: 'issuer and audience' },
    );
  });
});
