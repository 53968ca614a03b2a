import { describe, expect, it } from '@jest/globals';
import { principal } from '@assay/testing';
import { audience } from '../../src/requirements/audience.js';
import { authorizationContext } from '../support/authorization-context.js';
import { expectSetupError } from '../support/setup-problem.js';

describe('audience', () => {
  const requirement = audience('https://api.example/orders');

  it.each(['https://api.example/orders', ['https://api.example', 'https://api.example/orders']])(
    'is met by a token for %j',
    (aud) => {
      expect(requirement.check(principal({ aud }), authorizationContext())).toBeUndefined();
    },
  );

  it.each(['https://api.example', 'https://api.example/orders/', [], ['https://api.example/ORDERS']])(
    'is not met by a token for %j',
    (aud) => {
      expect(requirement.check(principal({ aud }), authorizationContext())).toMatchObject({
        code: 'token.audience-mismatch',
        claim: 'aud',
        reason: 'mismatch',
      });
    },
  );

  it('says what it narrows a route to', () => {
    expect(requirement).toMatchObject({
      audience: 'https://api.example/orders',
      description: 'audience https://api.example/orders',
    });
  });

  it.each(['', undefined, null, ['https://api.example']])('refuses to be made for %j', async (member) => {
    await expectSetupError(() => audience(member as string), {
      option: 'audience',
      problem: 'the required audience is empty',
      remedy: 'Name one of the audiences',
    });
  });
});
