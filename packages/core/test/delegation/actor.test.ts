import { describe, expect, it } from '@jest/globals';
import { actorsOf, maximumActorDepth } from '../../src/delegation/actor.js';

const tokenIssuer = 'https://as.example';

/** An `act` of some depth: `svc-1` acts now, the one with the highest number acted first. */
function chainOf(depth: number): unknown {
  return Array.from({ length: depth }).reduceRight<unknown>(
    (act, _, index) => ({ sub: `svc-${String(index + 1)}`, ...(act === undefined ? {} : { act }) }),
    undefined,
  );
}

describe('actorsOf', () => {
  it('is empty where nobody acts', () => {
    expect(actorsOf(undefined, tokenIssuer)).toEqual([]);
  });

  it('names an actor by its subject, at the issuer of the token', () => {
    expect(actorsOf({ sub: 'svc-a' }, tokenIssuer)).toEqual([
      { issuer: tokenIssuer, subject: 'svc-a', clientId: undefined, claims: { sub: 'svc-a' } },
    ]);
  });

  it('names an actor by its own issuer and client where it says them', () => {
    const act = {
      sub: 'svc-a',
      iss: 'https://partner.example',
      client_id: 'c-1',
      email: 'a@partner.example',
    };
    expect(actorsOf(act, tokenIssuer)).toEqual([
      { issuer: 'https://partner.example', subject: 'svc-a', clientId: 'c-1', claims: act },
    ]);
  });

  it('has the current actor first', () => {
    expect(actorsOf(chainOf(3), tokenIssuer)?.map(({ subject }) => subject)).toEqual([
      'svc-1',
      'svc-2',
      'svc-3',
    ]);
  });

  it('keeps what says who the actor is, and nothing that speaks of a token', () => {
    const spoken = { exp: 1, nbf: 9e9, iat: 9e9, aud: 'https://other.example', jti: 'j', scope: 'admin' };
    const act = {
      sub: 'svc-a',
      name: 'A',
      ...spoken,
      cnf: {},
      may_act: {},
      authorization_details: [],
      act: { sub: 'b' },
    };
    expect(actorsOf(act, tokenIssuer)?.[0]?.claims).toEqual({ sub: 'svc-a', name: 'A' });
  });

  it(`names ${String(maximumActorDepth)} actors, and no more`, () => {
    expect(actorsOf(chainOf(maximumActorDepth), tokenIssuer)).toHaveLength(maximumActorDepth);
    expect(actorsOf(chainOf(maximumActorDepth + 1), tokenIssuer)).toBeUndefined();
  });

  const malformed: readonly (readonly [string, unknown])[] = [
    ['a text', 'svc-a'],
    ['null', null],
    ['a number', 7],
    ['a list', [{ sub: 'svc-a' }]],
    ['an empty list', []],
    ['an empty object', {}],
    ['an object without a subject', { iss: 'https://as.example' }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no text', { sub: 7 }],
    ['an issuer that is no text', { sub: 'svc-a', iss: ['https://as.example'] }],
    ['an empty issuer', { sub: 'svc-a', iss: '' }],
    ['a client that is no text', { sub: 'svc-a', client_id: null }],
    ['a malformed earlier actor', { sub: 'svc-a', act: { sub: 'svc-b', act: 'svc-c' } }],
    ['null for an earlier actor', { sub: 'svc-a', act: null }],
  ];

  it.each(malformed)('is nothing for %s', (_what, act) => {
    expect(actorsOf(act, tokenIssuer)).toBeUndefined();
  });

  it('cannot be changed', () => {
    const actors = actorsOf({ sub: 'svc-a' }, tokenIssuer) ?? [];
    const changes = [
      () => (actors as unknown[]).push({}),
      () => Object.assign(actors[0] ?? {}, { subject: 'svc-admin' }),
      () => Object.assign(actors[0]?.claims ?? {}, { sub: 'svc-admin' }),
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
  });

  it('takes a member called __proto__ for data', () => {
    const [actor] =
      actorsOf(JSON.parse('{"sub":"svc-a","__proto__":{"sub":"svc-admin"}}'), tokenIssuer) ?? [];
    expect(actor?.subject).toBe('svc-a');
    expect(Object.keys(actor?.claims ?? {})).toEqual(['sub', '__proto__']);
    expect(actorsOf(JSON.parse('{"__proto__":{"sub":"svc-admin"}}'), tokenIssuer)).toBeUndefined();
  });
});
