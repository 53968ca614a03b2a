import { describe, expect, it, jest } from '@jest/globals';
import { principal } from '@assay/testing';
import {
  authorizationDetail,
  type AuthorizationDetailPolicy,
  type AuthorizationDetailPredicate,
} from '../../src/requirements/authorization-detail.js';
import type { AuthorizationContext } from '../../src/requirements/requirement.js';
import { authorizationContext } from '../support/authorization-context.js';
import { expectSetupError } from '../support/setup-problem.js';

async function verdictOf(
  policy: AuthorizationDetailPolicy,
  details: unknown,
  { claims = {}, ...context }: Partial<AuthorizationContext> & { claims?: Record<string, unknown> } = {},
) {
  const holder = principal({ ...claims, authorization_details: details });
  const refusal = await authorizationDetail(policy).check(holder, authorizationContext(context));
  return refusal?.code ?? 'met';
}

const refused = 'permission.detail-refused';

describe('authorizationDetail', () => {
  const policy: AuthorizationDetailPolicy = {
    type: 'account',
    actions: ['read', 'list'],
    datatypes: ['balance'],
    privileges: ['owner'],
    identifier: 'account-1',
  };
  const detail = {
    type: 'account',
    actions: ['list', 'read', 'write'],
    datatypes: ['balance', 'contacts'],
    privileges: ['owner'],
    identifier: 'account-1',
    'x-more': { of: 'its own' },
  };

  it.each([
    ['all of it', [detail], 'met'],
    ['all of it beside another one', [{ type: 'payment' }, detail], 'met'],
    ['no detail', [], refused],
    ['no claim', undefined, refused],
    ['another type', [{ ...detail, type: 'accounts' }], refused],
    ['the type in another case', [{ ...detail, type: 'Account' }], refused],
    ['not every action', [{ ...detail, actions: ['read'] }], refused],
    ['an action in another case', [{ ...detail, actions: ['READ', 'list'] }], refused],
    ['actions in one text', [{ ...detail, actions: 'read list' }], refused],
    ['actions among other things', [{ ...detail, actions: ['read', 'list', 7] }], refused],
    ['no actions', [{ ...detail, actions: undefined }], refused],
    ['another datatype', [{ ...detail, datatypes: ['contacts'] }], refused],
    ['no datatypes', [{ ...detail, datatypes: undefined }], refused],
    ['another privilege', [{ ...detail, privileges: ['reader'] }], refused],
    ['another identifier', [{ ...detail, identifier: 'account-2' }], refused],
    ['identifiers', [{ ...detail, identifier: ['account-1'] }], refused],
    ['no identifier', [{ ...detail, identifier: undefined }], refused],
    [
      'all of it in two',
      [
        { ...detail, actions: ['read'] },
        { ...detail, actions: ['list'] },
      ],
      refused,
    ],
  ])('judges a token that grants %s', async (_what, details, verdict) => {
    await expect(verdictOf(policy, details)).resolves.toBe(verdict);
  });

  it.each([
    [{ actions: ['write'], datatypes: ['photos'] }, 'met'],
    [{ actions: ['read'], datatypes: ['contacts'] }, 'met'],
    [{ actions: ['write'], datatypes: ['contacts'] }, refused],
    [{ actions: ['read'], datatypes: ['photos'] }, refused],
  ])('takes %j from one detail alone', async (wanted, verdict) => {
    const details = [
      { type: 't', actions: ['read'], datatypes: ['contacts'] },
      { type: 't', actions: ['write'], datatypes: ['photos'] },
    ];
    await expect(verdictOf({ type: 't', ...wanted }, details)).resolves.toBe(verdict);
  });

  it('asks for nothing that the policy does not name', async () => {
    await expect(verdictOf({ type: 'account' }, [{ type: 'account', datatypes: [] }])).resolves.toBe('met');
  });

  describe('and where it counts', () => {
    const api = 'https://api.example';
    const reports = 'https://reports.example';
    const stranger = 'https://other.example';
    const located = (locations: unknown) => [{ type: 't', locations }];

    it.each([
      ['no location', undefined, 'met'],
      ['this API', [api], 'met'],
      ['this API among others', [stranger, api], 'met'],
      ['another API', [stranger], refused],
      ['nothing', [], refused],
      ['this API with a path', [`${api}/payments`], refused],
      ['this API with a slash', [`${api}/`], refused],
      ['this API as a text', api, refused],
      ['this API among other things', [api, 7], refused],
      ['null', null, refused],
    ])('judges a detail that names %s', async (_where, locations, verdict) => {
      await expect(verdictOf({ type: 't' }, located(locations))).resolves.toBe(verdict);
    });

    it('does not count another audience of the token as this API', async () => {
      const claims = { aud: [api, stranger] };
      await expect(verdictOf({ type: 't' }, located([stranger]), { claims })).resolves.toBe(refused);
    });

    it('does not count an audience of this API that the token is not for', async () => {
      const audiences = [api, reports];
      await expect(verdictOf({ type: 't' }, located([reports]), { audiences })).resolves.toBe(refused);
      const claims = { aud: [api, reports] };
      await expect(verdictOf({ type: 't' }, located([reports]), { audiences, claims })).resolves.toBe('met');
    });

    it.each([
      ['the location of the policy', [`${api}/payments`], 'met'],
      ['the audience instead', [api], refused],
      ['no location', undefined, 'met'],
    ])('judges a detail that names %s where the policy has one', async (_where, locations, verdict) => {
      const policyWithLocation = { type: 't', locations: [`${api}/payments`, `${api}/transfers`] };
      await expect(verdictOf(policyWithLocation, located(locations))).resolves.toBe(verdict);
    });
  });

  describe('with a function', () => {
    const details = [
      { type: 'payment', amount: 10 },
      { type: 'payment', amount: 100 },
      { type: 'other', amount: 1000 },
    ];
    const atLeast =
      (amount: number): AuthorizationDetailPredicate =>
      (given) =>
        Number(given['amount']) >= amount;

    it.each([
      [10, 'met'],
      [100, 'met'],
      [101, refused],
    ])('asks each detail that fits, until one has %d', async (amount, verdict) => {
      await expect(verdictOf({ type: 'payment', satisfies: atLeast(amount) }, details)).resolves.toBe(
        verdict,
      );
    });

    it('gives it the principal and the request', async () => {
      const satisfies = jest.fn<AuthorizationDetailPredicate>(() => false);
      const request = { params: { id: '7' } };
      await expect(verdictOf({ type: 'payment', satisfies }, details, { request })).resolves.toBe(refused);
      expect(
        satisfies.mock.calls.map(([given, context]) => [given, context.principal.subject, context.request]),
      ).toEqual([
        [details[0], 'user-1', request],
        [details[1], 'user-1', request],
      ]);
    });

    it.each([
      ['true, later', () => Promise.resolve(true), 'met'],
      ['false, later', () => Promise.resolve(false), refused],
      ['nothing', () => undefined, 'service.failed'],
      ['something truthy', () => 1, 'service.failed'],
    ])('lets it answer %s', async (_what, answer, verdict) => {
      const satisfies = answer as AuthorizationDetailPredicate;
      await expect(verdictOf({ type: 'payment', satisfies }, details)).resolves.toBe(verdict);
    });
  });

  it.each([
    [{ type: 't' }, 'authorization detail t'],
    [
      policy,
      'authorization detail account, actions read list, datatypes balance, privileges owner, identifier account-1',
    ],
    [
      { type: 't', locations: ['https://api.example/t'], satisfies: () => true },
      'authorization detail t, locations https://api.example/t, judged by a function',
    ],
  ])('says in the report what it demands', (demanded, description) => {
    expect(authorizationDetail(demanded).description).toBe(description);
  });

  const badLists = [[], 'read', [''], [7], null];
  it.each([
    [undefined, 'authorizationDetail', 'it is not an object', 'Give an object with type'],
    [
      { type: 't', action: ['a'] },
      'authorizationDetail.action',
      'there is no such option',
      'Did you mean actions?',
    ],
    ...[undefined, '', 5, null].map((type) => [
      { type },
      'authorizationDetail.type',
      'it is not a text',
      'Give the type',
    ]),
    ...['actions', 'datatypes', 'privileges', 'locations'].flatMap((member) =>
      badLists.map((values) => [
        { type: 't', [member]: values },
        `authorizationDetail.${member}`,
        'it is not a list of texts, or is empty',
        'Name at least one',
      ]),
    ),
    ...['', 7, null].map((identifier) => [
      { type: 't', identifier },
      'authorizationDetail.identifier',
      'it is not a text',
      'Give the identifier',
    ]),
    [
      { type: 't', satisfies: true },
      'authorizationDetail.satisfies',
      'it is not a function',
      'Give a function',
    ],
  ] as [AuthorizationDetailPolicy, string, string, string][])(
    'refuses %j at start',
    async (demanded, option, problem, remedy) => {
      await expectSetupError(() => authorizationDetail(demanded), { option, problem, remedy });
    },
  );
});
