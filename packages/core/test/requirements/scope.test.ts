import { describe, expect, it } from '@jest/globals';
import { principal } from '@assay/testing';
import type { AssayError } from '../../src/assay-error.js';
import { Principal } from '../../src/principal.js';
import { anyScope, isScopeToken, scope, type ScopeArguments } from '../../src/requirements/scope.js';
import { authorizationContext } from '../support/authorization-context.js';
import { signedStatement } from '../support/evidence.js';
import { expectSetupError } from '../support/setup-problem.js';

const reader = principal({ scope: 'orders:read profile' });
const nobody = principal({});

describe('scope', () => {
  it.each([
    [['orders:read']],
    [['orders:read', 'profile']],
    [[['profile', 'orders:read']]],
  ] as ScopeArguments[][])('is met by a principal that has all of %j', (args) => {
    expect(scope(...args).check(reader, authorizationContext())).toBeUndefined();
  });

  it.each([
    [['orders:write']],
    [['orders:read', 'orders:write']],
    [['orders']],
    [['ORDERS:READ']],
    [['orders:read2']],
  ] as ScopeArguments[][])('is not met by one that lacks any of %j', (args) => {
    expect(scope(...args).check(reader, authorizationContext())).toMatchObject({
      code: 'scope.insufficient',
      claim: 'scope',
      reason: 'mismatch',
      requiredScopes: args,
    });
  });

  it('is not met by one that has no scope at all', () => {
    expect(scope('orders:read').check(nobody, authorizationContext())).toMatchObject({
      code: 'scope.insufficient',
    });
  });

  it('keeps to itself what it demands where that is not disclosed', () => {
    const refusal = scope(['orders:write'], { disclosed: false }).check(
      reader,
      authorizationContext(),
    ) as AssayError;
    expect(refusal.code).toBe('scope.insufficient');
    expect(refusal.requiredScopes).toBeUndefined();
  });

  it('is not changed by what becomes of the list that it was made with', () => {
    const list = ['orders:write'];
    const requirement = scope(list);
    list.pop();
    expect(requirement.check(reader, authorizationContext())).toMatchObject({
      requiredScopes: ['orders:write'],
    });
  });

  it('describes itself', () => {
    expect(scope('a', 'b').description).toBe('scope a b');
  });

  it('names its scopes for documents, unless they are not disclosed', () => {
    expect(scope('a', 'b').disclosedScopes).toEqual({ match: 'all', scopes: ['a', 'b'] });
    expect(scope(['a'], { disclosed: true }).disclosedScopes).toEqual({ match: 'all', scopes: ['a'] });
    expect(scope(['a', 'b'], { disclosed: false }).disclosedScopes).toBeUndefined();
  });
});

describe('anyScope', () => {
  it.each([[['orders:read']], [['orders:write', 'profile']]])(
    'is met by a principal that has one of %j',
    (list) => {
      expect(anyScope(...list).check(reader, authorizationContext())).toBeUndefined();
    },
  );

  it('is not met by one that has none of them, and names them all', () => {
    expect(anyScope('orders:write', 'admin').check(reader, authorizationContext())).toMatchObject({
      code: 'scope.insufficient',
      requiredScopes: ['orders:write', 'admin'],
    });
  });

  it('keeps to itself what it demands where that is not disclosed', () => {
    const refusal = anyScope(['admin'], { disclosed: false }).check(
      reader,
      authorizationContext(),
    ) as AssayError;
    expect(refusal.requiredScopes).toBeUndefined();
  });

  it('describes itself', () => {
    expect(anyScope('a', 'b').description).toBe('any scope of a b');
  });

  it('names its scopes for documents, unless they are not disclosed', () => {
    expect(anyScope('a', 'b').disclosedScopes).toEqual({ match: 'any', scopes: ['a', 'b'] });
    expect(anyScope(['a', 'b'], { disclosed: false }).disclosedScopes).toBeUndefined();
  });
});

describe('where the rights of an actor bound those of the subject', () => {
  const assistant = Principal.from({
    ...signedStatement({ scope: 'read write', act: { sub: 'svc-a' } }),
    scopesOfActor: ['read', 'admin'],
  });

  it.each([
    ['that both have', scope('read'), undefined, undefined],
    ['that only the token has', scope('write'), 'permission.actor-refused', undefined],
    ['of which only the token has one', scope('read', 'write'), 'permission.actor-refused', undefined],
    ['that only the actor has', scope('admin'), 'scope.insufficient', ['admin']],
    ['that neither has', scope('delete'), 'scope.insufficient', ['delete']],
    ['of which no token would give one', scope('write', 'admin'), 'permission.actor-refused', undefined],
    ['of which both have one', anyScope('write', 'read'), undefined, undefined],
    ['none of which the actor has', anyScope('write'), 'permission.actor-refused', undefined],
    ['of which another token could give one', anyScope('write', 'admin'), 'scope.insufficient', ['admin']],
  ])('judges a scope %s', (_which, requirement, code, requiredScopes) => {
    const refusal = requirement.check(assistant, authorizationContext()) as AssayError | undefined;
    expect([refusal?.code, refusal?.requiredScopes]).toEqual([code, requiredScopes]);
  });
});

describe.each([
  ['scope', scope],
  ['anyScope', anyScope],
])('%s', (_name, make) => {
  it.each([[[]], [[[]]]])('refuses the empty list %j', async (args) => {
    await expectSetupError(() => make(...(args as unknown as ScopeArguments)), {
      option: 'scope',
      problem: 'the list of required scopes is empty',
      remedy: 'Name at least one scope',
    });
  });

  it.each([['a b'], [''], ['a"b'], ['a\\b'], ['a\r\nb'], ['é'], [7], [null], [undefined]])(
    'refuses %j for a scope',
    async (impossible) => {
      await expectSetupError(() => make('a', impossible as string), {
        option: 'scope',
        problem: `${JSON.stringify(impossible)} cannot be a scope`,
        remedy: 'Give each scope as a string of its own',
      });
    },
  );
});

describe('isScopeToken', () => {
  it.each(['a', '!', '~', 'orders:read', 'https://api.example/x', '#[]'])('is true of %s', (text) => {
    expect(isScopeToken(text)).toBe(true);
  });

  it.each(['', ' ', 'a b', '"', '\\', '\u007f', '\n', 'é'])('is false of %j', (text) => {
    expect(isScopeToken(text)).toBe(false);
  });
});
