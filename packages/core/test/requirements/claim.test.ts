import { describe, expect, it } from '@jest/globals';
import { claim, SetupError, subjectKind, type PredicateContext } from '@assay/core';
import { principal } from '@assay/testing';
import { authorizationContext } from '../support/authorization-context.js';

const codeOf = async (
  requirement: ReturnType<typeof claim>,
  claims: Record<string, unknown>,
  request?: unknown,
) => (await requirement.check(principal(claims), authorizationContext({ request })))?.code;

describe('claim', () => {
  it.each([
    ['the very value', 'acme', 'acme', undefined],
    ['another value', 'acme', 'acme2', 'permission.claim-refused'],
    ['the value in another case', 'acme', 'Acme', 'permission.claim-refused'],
    ['a list that contains it', 'admin', ['reader', 'admin'], undefined],
    ['a list that contains a longer one', 'admin', ['admin:read'], 'permission.claim-refused'],
    ['an empty list', 'admin', [], 'permission.claim-refused'],
    ['the number as a text', 7, '7', 'permission.claim-refused'],
    ['the number', 7, 7, undefined],
    ['true', true, true, undefined],
    ['something truthy', true, 1, 'permission.claim-refused'],
    ['nothing', 'acme', undefined, 'permission.claim-refused'],
  ] as const)('is met or not by %s', async (_name, expected, value, code) => {
    await expect(codeOf(claim('tenant', expected), { tenant: value })).resolves.toBe(code);
  });

  it('never finds what the token does not have', async () => {
    const isThere = claim('constructor', (value) => value !== undefined);
    await expect(codeOf(isThere, {})).resolves.toBe('permission.claim-refused');
  });

  it('gives a predicate the value, the principal and the request', async () => {
    const seen: unknown[] = [];
    const predicate = (value: unknown, { principal: { subject }, request }: PredicateContext) => {
      seen.push(value, subject, request);
      return true;
    };
    await expect(
      codeOf(claim('tenant', predicate), { tenant: 'acme' }, { path: '/acme' }),
    ).resolves.toBeUndefined();
    expect(seen).toEqual(['acme', 'user-1', { path: '/acme' }]);
  });

  it('waits for a predicate that has to look something up', async () => {
    await expect(
      codeOf(
        claim('tenant', () => Promise.resolve(false)),
        {},
      ),
    ).resolves.toBe('permission.claim-refused');
    await expect(
      codeOf(
        claim('tenant', () => Promise.resolve(true)),
        {},
      ),
    ).resolves.toBeUndefined();
  });

  it.each([undefined, 'yes', 1, {}])(
    'takes a predicate that answers %j for our own failure',
    async (answer) => {
      await expect(
        codeOf(
          claim('tenant', () => answer as never),
          {},
        ),
      ).resolves.toBe('service.failed');
    },
  );

  it.each([
    ['', 'acme'],
    [undefined, 'acme'],
    ['tenant', undefined],
    ['tenant', null],
    ['tenant', { acme: true }],
  ])('refuses the claim %j with %j at start', (name, value) => {
    expect(() => claim(name as string, value as string)).toThrow(SetupError);
  });

  it('says in the report what it demands', () => {
    expect(claim('tenant', 'acme').description).toBe('claim tenant acme');
    expect(claim('tenant', () => true).description).toBe('claim tenant, judged by a function');
  });
});

describe('subjectKind', () => {
  const client = { sub: 'client-1' };
  const user = { auth_time: 1 };
  const unknown = {};

  it.each([
    ['user', user, undefined],
    ['user', client, 'permission.subject-kind-refused'],
    ['user', unknown, 'permission.subject-kind-refused'],
    ['client', client, undefined],
    ['client', user, 'permission.subject-kind-refused'],
    ['client', unknown, 'permission.subject-kind-refused'],
  ] as const)('%s is met or not by a token with %j', async (expected, claims, code) => {
    await expect(codeOf(subjectKind(expected), claims)).resolves.toBe(code);
  });

  it('refuses another word at start', () => {
    expect(() => subjectKind('robot' as 'client')).toThrow(SetupError);
  });
});
