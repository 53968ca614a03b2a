import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { principalOf, requireActor, requireScope } from '@assay/express';
import type { RequestHandler } from 'express';
import {
  expectChallenge,
  expectInvalidToken,
  invalidToken,
  type ExpectedChallenge,
} from '../support/expect-outcome.js';
import {
  closeOpaqueTokenApis,
  startOpaqueTokenApi,
  type OpaqueTokenApi,
} from '../support/opaque-token-api.js';
import {
  closeProtectedApis,
  nowSeconds,
  startProtectedApi,
  type ProtectedApi,
} from '../support/protected-api.js';

const notPermitted: ExpectedChallenge = { status: 403, error: 'insufficient_scope' };

/** An `act` of some depth. */
function chainOf(depth: number): Record<string, unknown> {
  return depth === 1 ? { sub: 'svc-1' } : { sub: `svc-${String(depth)}`, act: chainOf(depth - 1) };
}

describe('RFC 8693, section 4', () => {
  let api: ProtectedApi;
  let handled = 0;
  const handler: RequestHandler = (_request, response) => {
    handled += 1;
    response.json({});
  };
  beforeAll(async () => {
    api = await startProtectedApi({
      routes: (app) => {
        app.get('/admin', requireActor({ actors: ['svc-admin'] }), handler);
        app.get('/actors', (request, response) => {
          const { subject, actors } = principalOf(request);
          response.json({ subject, actors: actors.map((actor) => actor.subject) });
        });
        app.get('/read', requireScope('read'), handler);
      },
    });
  });
  afterAll(closeProtectedApis);
  beforeEach(() => {
    handled = 0;
  });

  const send = (target: string, claims: Record<string, unknown>) =>
    api.sendToken(api.builder.accessToken(claims), target);

  const actorsOf = async (claims: Record<string, unknown>): Promise<unknown> => {
    const { status, body } = await send('/actors', claims);
    expect(status).toBe(200);
    return JSON.parse(body);
  };

  describe('[rfc8693-4.1-current-actor] the current actor alone counts', () => {
    const act = { sub: 'svc-a', act: { sub: 'svc-admin' } };

    it('so that one who acted before grants nothing', async () => {
      expectChallenge(await send('/admin', { act }), notPermitted);
      expect(handled).toBe(0);
    });

    it('so that it is granted what it may, whoever acted before', async () => {
      expect((await send('/admin', { act: { sub: 'svc-admin', act: { sub: 'svc-a' } } })).status).toBe(200);
    });

    it('and the others stand in the chain', async () => {
      expect(await actorsOf({ act })).toEqual({ subject: 'user-1', actors: ['svc-a', 'svc-admin'] });
    });
  });

  describe('with introspection', () => {
    let opaque: OpaqueTokenApi;
    beforeAll(async () => {
      opaque = await startOpaqueTokenApi((app) => {
        app.get('/admin', requireActor({ actors: ['svc-admin'] }), handler);
        app.get('/read', requireScope('read'), handler);
      });
    });
    afterAll(closeOpaqueTokenApis);

    it('[rfc8693-4.1-current-actor] one who acted before grants nothing', async () => {
      const act = { sub: 'svc-a', act: { sub: 'svc-admin' } };
      expectChallenge(await opaque.sendIntrospected({ act }, '/admin'), notPermitted);
      expect(handled).toBe(0);
    });

    it('[rfc8693-4.1-current-actor] the current one does', async () => {
      const act = { sub: 'svc-admin', act: { sub: 'svc-a' } };
      expect((await opaque.sendIntrospected({ act }, '/admin')).status).toBe(200);
      expect(handled).toBe(1);
    });

    it.each(['svc', [], {}])('[rfc8693-4.1-act-shape] act %j identifies nobody', async (act) => {
      expectChallenge(await opaque.sendIntrospected({ act }, '/admin'), invalidToken);
    });

    it.each(['read:all write', 'READ', 'readonly'])(
      '[rfc8693-4.2-scope-string] "%s" is not read',
      async (scope) => {
        const answer = await opaque.sendIntrospected({ scope }, '/read');
        expectChallenge(answer, { ...notPermitted, scope: 'read' });
        expect(handled).toBe(0);
      },
    );

    it('[rfc8693-4.2-scope-string] "write read" has read among its values', async () => {
      expect((await opaque.sendIntrospected({ scope: 'write read' }, '/read')).status).toBe(200);
    });

    it('[rfc8693-4.2-scope-string] ["read"] is no text', async () => {
      expectChallenge(await opaque.sendIntrospected({ scope: ['read'] }, '/read'), invalidToken);
    });
  });

  describe('[rfc8693-4.1-act-shape] act identifies the actor', () => {
    it.each([
      ['"svc"', 'svc'],
      ['[]', []],
      ['{}', {}],
      ['an object of another kind', { iss: 'https://as.example' }],
      ['11 deep', chainOf(11)],
    ])('%s does not', async (_what, act) => {
      await expectInvalidToken(api, api.builder.accessToken({ act }), 'token.claim-invalid');
    });

    it('100 deep is not even looked at', async () => {
      await expectInvalidToken(api, api.builder.accessToken({ act: chainOf(100) }), 'token.malformed');
    });

    it('10 deep does', async () => {
      expect(await actorsOf({ act: chainOf(10) })).toMatchObject({
        actors: [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((number) => `svc-${String(number)}`),
      });
    });

    it.each([
      ['exp in the past', { exp: nowSeconds - 1 }],
      ['aud of another API', { aud: 'https://other.example' }],
      ['both', { exp: nowSeconds - 1, aud: 'https://other.example' }],
    ])('%s inside has no effect', async (_what, members) => {
      expect((await send('/admin', { act: { sub: 'svc-admin', ...members } })).status).toBe(200);
      expect(handled).toBe(1);
    });

    it.each([
      ['exp', { exp: nowSeconds - 1 }, { exp: nowSeconds + 60 }, 'token.expired'],
      ['aud', { aud: 'https://other.example' }, { aud: 'https://api.example' }, 'token.audience-mismatch'],
    ] as const)(
      'a good %s inside does not make up for a bad one of the token',
      async (_claim, bad, good, code) => {
        const token = api.builder.accessToken({
          iat: nowSeconds - 60,
          ...bad,
          act: { sub: 'svc-admin', ...good },
        });
        await expectInvalidToken(api, token, code);
      },
    );
  });

  describe('[rfc8693-4.4-may-act-not-actor] may_act is no actor', () => {
    const claims = { may_act: { sub: 'svc-admin' } };

    it('on the principal', async () => {
      expect(await actorsOf(claims)).toEqual({ subject: 'user-1', actors: [] });
    });

    it('for a policy', async () => {
      expectChallenge(await send('/admin', claims), notPermitted);
      expect(handled).toBe(0);
    });
  });

  describe('[rfc8693-4.2-scope-string] scope is one text of exact values', () => {
    it.each(['read:all write', 'READ', 'readonly', '', 'write,read', 'rea d'])(
      '"%s" is not read',
      async (scope) => {
        expectChallenge(await send('/read', { scope }), { ...notPermitted, scope: 'read' });
        expect(handled).toBe(0);
      },
    );

    it.each(['read', 'write read', 'read:all read'])('"%s" has read among its values', async (scope) => {
      expect((await send('/read', { scope })).status).toBe(200);
    });

    it('["read"] is no text', async () => {
      await expectInvalidToken(api, api.builder.accessToken({ scope: ['read'] }), 'token.claim-invalid');
    });

    it('["read"] is one where a legacy mapping of the issuer says so', async () => {
      const legacy = await startProtectedApi({
        settings: { compatibility: 'okta' },
        routes: (app) => {
          app.get('/read', requireScope('read'), (_request, response) => {
            response.json({});
          });
        },
      });
      const claims = { scp: ['read'], cid: 'client-1' };
      expect((await legacy.sendToken(legacy.builder.accessToken(claims), '/read')).status).toBe(200);
      const other = { scp: ['READ'], cid: 'client-1' };
      expectChallenge(await legacy.sendToken(legacy.builder.accessToken(other), '/read'), {
        ...notPermitted,
        scope: 'read',
      });
    });
  });
});
