import { describe, expect, it, jest } from '@jest/globals';
import { principal } from '@assay/testing';
import { AssayError } from '../../src/assay-error.js';
import { authorize, type Requirement } from '../../src/requirements/requirement.js';
import { authorizationContext } from '../support/authorization-context.js';
import { expectRefusal } from '../support/refusal.js';

describe('authorize', () => {
  const somebody = principal();
  const requirement = (check: Requirement['check']) => ({ description: 'a test', check: jest.fn(check) });
  const refusal = new AssayError('scope.insufficient');

  it('lets a principal pass that meets every requirement, with what was asked', async () => {
    const context = authorizationContext({ request: { method: 'GET', url: '/', headers: {} } });
    const requirements = [requirement(() => undefined), requirement(() => Promise.resolve(undefined))];
    await expect(authorize(somebody, requirements, context)).resolves.toBeUndefined();
    for (const { check } of requirements) expect(check).toHaveBeenCalledWith(somebody, context);
  });

  it('lets anybody pass where nothing is required', async () => {
    await expect(authorize(somebody, [], authorizationContext())).resolves.toBeUndefined();
  });

  it('refuses with the first refusal and asks no further', async () => {
    const [passes, refuses, later] = [
      requirement(() => undefined),
      requirement(() => Promise.resolve(refusal)),
      requirement(() => undefined),
    ];
    await expect(authorize(somebody, [passes, refuses, later], authorizationContext())).rejects.toBe(refusal);
    expect(later.check).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret detail');
      },
    ],
    ['is rejected', () => Promise.reject(new Error('secret detail'))],
  ])('refuses when a requirement %s, and takes the blame', async (_how, check) => {
    const error = await expectRefusal(
      () => authorize(somebody, [requirement(check)], authorizationContext()),
      'service.failed',
    );
    expect(error.message).not.toContain('secret detail');
    expect(error.cause).toBeInstanceOf(Error);
  });

  it.each([false, true, null, 0, 'no'])('lets nobody pass when a requirement answers %p', async (answer) => {
    const check = () => answer as unknown as undefined;
    await expectRefusal(
      () => authorize(somebody, [requirement(check)], authorizationContext()),
      'service.failed',
    );
  });
});
