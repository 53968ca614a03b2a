import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requireAuthorizationDetail } from '@assay/express';
import { expectChallenge, expectInvalidToken, invalidToken } from '../support/expect-outcome.js';
import {
  closeOpaqueTokenApis,
  startOpaqueTokenApi,
  type OpaqueTokenApi,
} from '../support/opaque-token-api.js';
import { closeProtectedApis, startProtectedApi, type ProtectedApi } from '../support/protected-api.js';

describe('RFC 9396', () => {
  let api: ProtectedApi;
  let handled = 0;
  beforeAll(async () => {
    api = await startProtectedApi({
      routes: (app) => {
        const routes = {
          '/payments': { type: 'payment_initiation', actions: ['initiate'] },
          '/read-contacts': { type: 't', actions: ['read'], datatypes: ['contacts'] },
          '/write-contacts': { type: 't', actions: ['write'], datatypes: ['contacts'] },
          '/read-photos': { type: 't', actions: ['read'], datatypes: ['photos'] },
          '/write-photos': { type: 't', actions: ['write'], datatypes: ['photos'] },
        };
        for (const [path, policy] of Object.entries(routes)) {
          app.get(path, requireAuthorizationDetail(policy), (_request, response) => {
            handled += 1;
            response.json({});
          });
        }
      },
    });
  });
  afterAll(closeProtectedApis);
  beforeEach(() => {
    handled = 0;
  });

  async function expectStatus(target: string, details: unknown, status: 200 | 403): Promise<void> {
    const token = api.builder.accessToken({ authorization_details: details });
    const answer = await api.sendToken(token, target);
    expect(handled).toBe(status === 200 ? 1 : 0);
    if (status === 200) expect(answer.status).toBe(200);
    else expectChallenge(answer, { status, error: 'insufficient_scope' });
  }

  it.each([
    ['with it', [{ type: 'payment_initiation', actions: ['initiate'] }], 200],
    ['without it', undefined, 403],
    ['with another type', [{ type: 'account_information', actions: ['initiate'] }], 403],
    ['with the type but action status', [{ type: 'payment_initiation', actions: ['status'] }], 403],
    ['with the type and no action', [{ type: 'payment_initiation' }], 403],
  ] as const)(
    '[rfc9396-9-enforce] a route that demands a detail, and a token %s',
    async (_how, details, status) => {
      await expectStatus('/payments', details, status);
    },
  );

  describe('[rfc9396-9-enforce] the same route, and a token of which introspection says', () => {
    let opaque: OpaqueTokenApi;
    beforeAll(async () => {
      opaque = await startOpaqueTokenApi((app) => {
        const policy = { type: 'payment_initiation', actions: ['initiate'] };
        app.get('/payments', requireAuthorizationDetail(policy), (_request, response) => {
          handled += 1;
          response.json({});
        });
      });
    });
    afterAll(closeOpaqueTokenApis);

    it('that it has the detail', async () => {
      const members = { authorization_details: [{ type: 'payment_initiation', actions: ['initiate'] }] };
      expect((await opaque.sendIntrospected(members, '/payments')).status).toBe(200);
      expect(handled).toBe(1);
    });

    it.each([
      ['nothing of details', {}],
      ['another type', { authorization_details: [{ type: 'account_information', actions: ['initiate'] }] }],
      ['action status', { authorization_details: [{ type: 'payment_initiation', actions: ['status'] }] }],
    ])('%s', async (_what, members) => {
      const answer = await opaque.sendIntrospected(members, '/payments');
      expectChallenge(answer, { status: 403, error: 'insufficient_scope' });
      expect(handled).toBe(0);
    });

    it('details that are malformed', async () => {
      const answer = await opaque.sendIntrospected({ authorization_details: [{}] }, '/payments');
      expectChallenge(answer, invalidToken);
    });
  });

  it.each([
    ['/write-contacts', 403],
    ['/read-photos', 403],
    ['/read-contacts', 200],
    ['/write-photos', 200],
  ] as const)('[rfc9396-2.2-no-cross-product] rights are those of one object: %s', async (target, status) => {
    const details = [
      { type: 't', actions: ['read'], datatypes: ['contacts'] },
      { type: 't', actions: ['write'], datatypes: ['photos'] },
    ];
    await expectStatus(target, details, status);
  });

  it('[rfc9396-2.2-no-cross-product] rights multiply inside one object', async () => {
    const details = [{ type: 't', actions: ['read', 'write'], datatypes: ['contacts', 'photos'] }];
    await expectStatus('/write-contacts', details, 200);
  });

  it.each([
    ['{}', {}],
    ['"x"', 'x'],
    ['[1]', [1]],
    ['[{}]', [{}]],
    ['[{"type":5}]', [{ type: 5 }]],
    ['null', null],
    ['a good one and [{}]', [{ type: 'payment_initiation', actions: ['initiate'] }, {}]],
  ])('[rfc9396-2-shape] authorization_details %s are malformed', async (_what, details) => {
    const token = api.builder.accessToken({ authorization_details: details });
    await expectInvalidToken(api, token, 'token.claim-invalid');
  });

  const detail = { type: 'payment_initiation', actions: ['initiate'] };
  it.each([
    ['an unknown type', { ...detail, type: 'payment' }, 403],
    ['a type in another case', { ...detail, type: 'Payment_Initiation' }, 403],
    ['an action in another case', { ...detail, actions: ['Initiate'] }, 403],
    ['locations of another API', { ...detail, locations: ['https://other.example'] }, 403],
    ['locations of this API in another case', { ...detail, locations: ['https://API.example'] }, 403],
    ['no locations that are any', { ...detail, locations: [] }, 403],
    [
      'locations of this API',
      { ...detail, locations: ['https://other.example', 'https://api.example'] },
      200,
    ],
  ] as const)('[rfc9396-2-shape] a detail with %s', async (_what, given, status) => {
    await expectStatus('/payments', [given], status);
  });
});
