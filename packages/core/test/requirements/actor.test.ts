import { describe, expect, it, jest } from '@jest/globals';
import { principal } from '@assay/testing';
import { actor, type ActorPolicy, type ActorPredicate } from '../../src/requirements/actor.js';
import { authorizationContext } from '../support/authorization-context.js';
import { expectSetupError } from '../support/setup-problem.js';

const verdictOf = async (policy: ActorPolicy, claims: Record<string, unknown>, request?: unknown) => {
  const refusal = await actor(policy).check(principal(claims), authorizationContext({ request }));
  return refusal === undefined ? 'met' : `${refusal.code} ${refusal.reason ?? ''}`.trim();
};

const refused = 'permission.actor-refused mismatch';
const nobody = 'permission.actor-refused missing';

describe('actor', () => {
  describe('by a list', () => {
    const actors = ['svc-a', { issuer: 'https://partner.example', subject: 'svc-p' }];

    it.each([
      ['one of its subjects', { sub: 'svc-a' }, 'met'],
      [
        'one of its subjects, said to be of the issuer of the token',
        { sub: 'svc-a', iss: 'https://as.example' },
        'met',
      ],
      ['one of its subjects at another issuer', { sub: 'svc-a', iss: 'https://partner.example' }, refused],
      ['a subject at its issuer', { sub: 'svc-p', iss: 'https://partner.example' }, 'met'],
      ['that subject at the issuer of the token', { sub: 'svc-p' }, refused],
      ['another subject', { sub: 'svc-b' }, refused],
      ['a subject in another case', { sub: 'SVC-A' }, refused],
      ['a client with such a name', { sub: 'svc-b', client_id: 'svc-a' }, refused],
      ['one of its subjects deeper in the chain', { sub: 'svc-b', act: { sub: 'svc-a' } }, refused],
      ['one of its subjects, for another one', { sub: 'svc-a', act: { sub: 'svc-b' } }, 'met'],
      ['nobody', undefined, nobody],
    ])('judges %s', async (_who, act, verdict) => {
      await expect(verdictOf({ actors }, { act })).resolves.toBe(verdict);
    });

    it('does not take the subject or the client of the token for an actor', async () => {
      await expect(verdictOf({ actors }, { sub: 'svc-a', client_id: 'svc-a' })).resolves.toBe(nobody);
    });

    it('does not take whoever may act for an actor', async () => {
      await expect(verdictOf({ actors }, { may_act: { sub: 'svc-a' } })).resolves.toBe(nobody);
    });

    it('is not changed by what becomes of the list', async () => {
      const names = ['svc-a'];
      const requirement = actor({ actors: names });
      names.push('svc-b');
      const refusal = await requirement.check(principal({ act: { sub: 'svc-b' } }), authorizationContext());
      expect(refusal?.code).toBe('permission.actor-refused');
    });
  });

  describe('by a function', () => {
    it('gets the current actor, the principal and the request', async () => {
      const predicate = jest.fn<ActorPredicate>(() => true);
      const request = { params: { user: 'user-1' } };
      const act = { sub: 'svc-b', act: { sub: 'svc-admin' } };
      await expect(verdictOf({ actors: predicate }, { act }, request)).resolves.toBe('met');
      expect(
        predicate.mock.calls.map(([{ subject }, context]) => [
          subject,
          context.principal.subject,
          context.request,
        ]),
      ).toEqual([['svc-b', 'user-1', request]]);
    });

    it('is not asked where nobody acts, nor where too many do', async () => {
      const predicate = jest.fn<ActorPredicate>(() => true);
      await expect(verdictOf({ actors: predicate }, {})).resolves.toBe(nobody);
      const chain = { sub: 'svc-a', act: { sub: 'svc-b' } };
      await expect(verdictOf({ actors: predicate, maximumDepth: 1 }, { act: chain })).resolves.toBe(refused);
      expect(predicate).not.toHaveBeenCalled();
    });

    it.each([
      ['false', () => false, refused],
      ['false, later', () => Promise.resolve(false), refused],
      ['true, later', () => Promise.resolve(true), 'met'],
      ['nothing', () => undefined, 'service.failed'],
      ['something truthy', () => 'yes', 'service.failed'],
    ])('may answer %s', async (_what, answer, verdict) => {
      const actors = answer as ActorPredicate;
      await expect(verdictOf({ actors }, { act: { sub: 'svc-a' } })).resolves.toBe(verdict);
    });
  });

  describe('by depth', () => {
    const chain = { sub: 'svc-a', act: { sub: 'svc-b', act: { sub: 'svc-c' } } };

    it.each([
      [1, { sub: 'svc-a' }, 'met'],
      [1, { sub: 'svc-a', act: { sub: 'svc-b' } }, refused],
      [2, chain, refused],
      [3, chain, 'met'],
      [undefined, chain, 'met'],
    ])('of at most %p', async (maximumDepth, act, verdict) => {
      const policy = { actors: ['svc-a'], ...(maximumDepth === undefined ? {} : { maximumDepth }) };
      await expect(verdictOf(policy, { act })).resolves.toBe(verdict);
    });
  });

  describe('where the subject may come itself', () => {
    it.each([
      ['the subject', {}, 'met'],
      ['an actor of the list', { act: { sub: 'svc-a' } }, 'met'],
      ['another actor', { act: { sub: 'svc-b' } }, refused],
      // Only a token that no profile has judged can hold these.
      ['an actor that cannot be read', { act: 'svc-b' }, nobody],
      ['null', { act: null }, nobody],
    ])('judges %s', async (_who, claims, verdict) => {
      await expect(verdictOf({ actors: ['svc-a'], optional: true }, claims)).resolves.toBe(verdict);
    });
  });

  it.each([
    [{ actors: ['svc-a', 'svc-b'] }, 'actor svc-a or svc-b'],
    [{ actors: ['svc-a'], maximumDepth: 1 }, 'actor svc-a, at most 1 deep'],
    [{ actors: [{ issuer: 'https://p.example', subject: 'svc-p' }] }, 'actor svc-p of https://p.example'],
    [{ actors: () => true, optional: true }, 'no actor or actor, judged by a function'],
  ])('says in the report what it demands', (policy, description) => {
    expect(actor(policy).description).toBe(description);
  });

  const badActors = [undefined, null, 'svc-a', [], [''], [7], [null], [{}], [{ subject: 'svc-a' }]];
  const badDepths = [0, -1, 1.5, 11, Number.NaN, '1', null];
  it.each([
    [undefined, 'actor', 'it is not an object', 'Give an object with actors'],
    [{ actor: ['svc-a'] }, 'actor.actor', 'there is no such option', 'Did you mean actors?'],
    ...[...badActors, [{ issuer: '', subject: 'svc-a' }], [{ issuer: 'i', subject: 's', clientId: 'c' }]].map(
      (actors) => [
        { actors },
        'actor.actors',
        'it names nobody, or somebody without a name',
        'Give a function',
      ],
    ),
    ...badDepths.map((maximumDepth) => [
      { actors: ['svc-a'], maximumDepth },
      'actor.maximumDepth',
      'it is not a whole number from 1 to 10',
      'Give how many actors',
    ]),
    [{ actors: ['a'], optional: 'yes' }, 'actor.optional', 'it is neither true nor false', 'Say whether'],
  ] as [ActorPolicy, string, string, string][])(
    'refuses %j at start',
    async (policy, option, problem, remedy) => {
      await expectSetupError(() => actor(policy), { option, problem, remedy });
    },
  );
});
