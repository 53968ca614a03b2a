import { describe, expect, it, jest } from '@jest/globals';
import { AssayError } from '../../src/assay-error.js';
import { Principal } from '../../src/principal.js';
import { authorize, type Requirement } from '../../src/requirements/requirement.js';
import { anyScope, scope } from '../../src/requirements/scope.js';
import { stepUp } from '../../src/requirements/step-up.js';
import { authorizationContext } from '../support/authorization-context.js';
import { nowSeconds, signedStatement } from '../support/evidence.js';
import { thrownBy } from '../support/refusal.js';

/** Logged in with silver, 301 seconds ago, and may read. */
const somebody = Principal.from(
  signedStatement({ acr: 'silver', auth_time: nowSeconds - 301, scope: 'read' }),
);

async function refusalOf(
  requirements: readonly Requirement[],
  alongside?: readonly Requirement[],
  principal = somebody,
) {
  const error = await thrownBy(() =>
    authorize(principal, requirements, authorizationContext(), alongside && (() => alongside)),
  );
  const { code, claim, reason, stepUp: demand, requiredScopes } = error as AssayError;
  return { code, claim, reason, stepUp: demand, requiredScopes };
}

const strong = stepUp({ acrValues: ['gold', 'platinum'] });
const recent = stepUp({ maxAgeSeconds: 300 });
const write = scope('write');

const strongRecentAndWrite = {
  code: 'authentication.insufficient',
  stepUp: { acrValues: ['gold', 'platinum'], maxAgeSeconds: 300 },
  requiredScopes: ['write'],
};

describe('authorize, where another token would do', () => {
  it.each([
    ['the login first', [strong, recent, write]],
    ['the scope first', [write, recent, strong]],
    ['the scope between', [recent, write, strong]],
  ])('names all that it has to bring, with %s', async (_order, requirements) => {
    await expect(refusalOf(requirements)).resolves.toMatchObject(strongRecentAndWrite);
  });

  it.each([
    ['the login', [strong], [recent, write]],
    ['the scope', [write], [strong, recent]],
  ])('names what is judged elsewhere, where %s is judged here', async (_which, here, elsewhere) => {
    await expect(refusalOf(here, elsewhere)).resolves.toMatchObject(strongRecentAndWrite);
  });

  it('names the whole demand, the half that is met included', async () => {
    const silver = stepUp({ acrValues: ['silver', 'gold'] });
    await expect(refusalOf([silver, recent])).resolves.toEqual({
      code: 'authentication.insufficient',
      claim: 'auth_time',
      reason: 'mismatch',
      stepUp: { acrValues: ['silver', 'gold'], maxAgeSeconds: 300 },
      requiredScopes: [],
    });
  });

  it('names what satisfies several demands together', async () => {
    const alsoStrong = stepUp({ acrValues: ['diamond', 'platinum'], maxAgeSeconds: 60 });
    await expect(refusalOf([strong, recent, alsoStrong])).resolves.toMatchObject({
      stepUp: { acrValues: ['platinum'], maxAgeSeconds: 60 },
    });
  });

  it('names no scope that the token has, and none twice', async () => {
    const { requiredScopes } = await refusalOf([strong, scope('read'), write, anyScope('admin', 'write')]);
    expect(requiredScopes).toEqual(['write', 'admin']);
  });

  it.each([
    ['after the login', [strong, scope(['admin'], { disclosed: false })]],
    ['before the login', [scope(['admin'], { disclosed: false }), strong]],
  ])('names no scope that is not disclosed, demanded %s', async (_when, requirements) => {
    await expect(refusalOf(requirements)).resolves.toMatchObject({
      code: 'authentication.insufficient',
      requiredScopes: [],
    });
  });

  it('leaves the refusal of a scope as it is where the login will do', async () => {
    await expect(refusalOf([write, stepUp({ acrValues: ['silver'] }), scope('admin')])).resolves.toEqual({
      code: 'scope.insufficient',
      claim: 'scope',
      reason: 'mismatch',
      stepUp: undefined,
      requiredScopes: ['write'],
    });
  });

  it('asks no other requirement than scopes and logins', async () => {
    const check = jest.fn<Requirement['check']>(() => undefined);
    await refusalOf([strong, { description: 'one of the application', check }]);
    expect(check).not.toHaveBeenCalled();
  });

  it('lets nobody in, and keeps nobody out, on account of what is judged elsewhere', async () => {
    await expect(
      authorize(somebody, [scope('read')], authorizationContext(), () => [strong]),
    ).resolves.toBeUndefined();
    await expect(refusalOf([write], [scope('read')])).resolves.toMatchObject({ code: 'scope.insufficient' });
  });
});

describe('authorize, where no other token would do', () => {
  const refusal = new AssayError('permission.claim-refused');
  const incurable: Requirement = { description: 'one of the application', check: () => refusal };

  it('refuses without a word about the login', async () => {
    await expect(refusalOf([incurable, strong])).resolves.toMatchObject({
      code: 'permission.claim-refused',
      stepUp: undefined,
    });
  });

  it.each([
    ['before', (withheld: Requirement) => [withheld, strong]],
    ['after', (withheld: Requirement) => [strong, withheld]],
  ])(
    'does not send the user to log in for a scope that the actor lacks, demanded %s',
    async (_when, order) => {
      const delegated = Principal.from({
        ...signedStatement({ acr: 'silver', scope: 'write', act: { sub: 'svc-a' } }),
        scopesOfActor: ['read'],
      });
      await expect(refusalOf(order(write), undefined, delegated)).resolves.toMatchObject({
        code: 'permission.actor-refused',
        claim: 'act',
        stepUp: undefined,
        requiredScopes: undefined,
      });
    },
  );

  it('says that it failed, where a requirement among them does', async () => {
    const broken: Requirement = {
      description: 'broken',
      stepUp: { maxAgeSeconds: 1 },
      check: () => {
        throw new Error('secret detail');
      },
    };
    await expect(refusalOf([strong, broken])).resolves.toMatchObject({ code: 'service.failed' });
  });
});
