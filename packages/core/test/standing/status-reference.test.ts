import { describe, expect, it } from '@jest/globals';
import { statusReferenceOf } from '../../src/standing/status-reference.js';
import { expectRefusal } from '../support/refusal.js';

const uri = 'https://as.example/statuslists/1';
const withList = (list: unknown) => ({ sub: 'user-1', status: { status_list: list } });

describe('statusReferenceOf', () => {
  it('is the URI and the index of the list', () => {
    expect(statusReferenceOf(withList({ idx: 7, uri }))).toEqual({ uri, index: 7 });
    expect(statusReferenceOf(withList({ idx: 0, uri, more: true }))).toEqual({ uri, index: 0 });
  });

  it('is found beside another mechanism', () => {
    const status = { status_list: { idx: 1, uri }, other_mechanism: {} };
    expect(statusReferenceOf({ status })).toEqual({ uri, index: 1 });
  });

  it('is none where the token says nothing of its status', () => {
    expect(statusReferenceOf({ sub: 'user-1' })).toBeUndefined();
  });

  it.each([
    ['a text', 'x', 'malformed'],
    ['null', null, 'malformed'],
    ['a list', [], 'malformed'],
    ['empty', {}, 'missing'],
    ['by an unknown mechanism alone', { other_mechanism: { idx: 1, uri } }, 'missing'],
  ] as const)('refuses a status that is %s', async (_what, status, reason) => {
    await expectRefusal(() => statusReferenceOf({ status }), 'token.status-reference-invalid', {
      claim: 'status',
      reason,
    });
  });

  it.each(['x', null, [], 7])('refuses %p for a reference', async (list) => {
    await expectRefusal(() => statusReferenceOf(withList(list)), 'token.status-reference-invalid', {
      claim: 'status_list',
      reason: 'malformed',
    });
  });

  it.each([
    [undefined, 'missing'],
    [-1, 'malformed'],
    [1.5, 'malformed'],
    ['3', 'malformed'],
    [null, 'malformed'],
    [true, 'malformed'],
    [2 ** 53, 'malformed'],
    [Infinity, 'malformed'],
  ] as const)('refuses index %p', async (idx, reason) => {
    await expectRefusal(() => statusReferenceOf(withList({ idx, uri })), 'token.status-reference-invalid', {
      claim: 'idx',
      reason,
    });
  });

  it('takes the largest index that a number can be sure of', () => {
    expect(statusReferenceOf(withList({ idx: 2 ** 53 - 1, uri }))).toEqual({ uri, index: 2 ** 53 - 1 });
  });

  it.each([
    [undefined, 'missing'],
    [5, 'malformed'],
    ['', 'malformed'],
    ['list', 'malformed'],
    ['/statuslists/1', 'malformed'],
    ['//as.example/statuslists/1', 'malformed'],
    [['https://as.example/statuslists/1'], 'malformed'],
  ] as const)('refuses uri %p', async (given, reason) => {
    await expectRefusal(
      () => statusReferenceOf(withList({ idx: 1, uri: given })),
      'token.status-reference-invalid',
      { claim: 'uri', reason },
    );
  });
});
