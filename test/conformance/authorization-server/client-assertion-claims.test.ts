import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompatibilityUse } from '@assay/core/authorization-server';
import { compactJws, fixedClock } from '@assay/testing';
import {
  clientA,
  clientAssertion,
  clientB,
  closeClientEndpoints,
  expectBadAssertion,
  expectToken,
  issuer,
  keyOfA,
  nowSeconds,
  startClientEndpoint,
  type Answer,
  type ClientEndpoint,
} from '../support/client-endpoint.js';

/** What a client assertion has to say, over HTTP. */

let endpoint: ClientEndpoint;
beforeAll(async () => {
  endpoint = await startClientEndpoint();
});
afterAll(closeClientEndpoints);

type Claims = Readonly<Record<string, unknown>>;

const tokenEndpoint = `${issuer}/token`;

const expectOutcome = (answer: Answer, isAccepted: boolean) => {
  if (isAccepted) expectToken(answer);
  else expectBadAssertion(answer);
};

describe('who a client assertion speaks of', () => {
  it.each<[string, Claims]>([
    ['missing', { iss: undefined }],
    ['in another case', { iss: 'Client-A' }],
    ['in another case, like sub', { iss: 'Client-A', sub: 'Client-A' }],
    ['another registered client', { iss: 'client-b' }],
    ['a list', { iss: ['client-a'] }],
    ['empty', { iss: '' }],
  ])('[rfc7523-3-ca-iss-is-client] refuses iss that is %s', async (_form, claims) => {
    expectBadAssertion(await endpoint.authenticate(clientAssertion(claims)));
  });

  it.each<[string, Claims]>([
    ['another client', { sub: 'client-b' }],
    ['missing', { sub: undefined }],
    ['in another case', { sub: 'Client-A' }],
    ['a list', { sub: ['client-a'] }],
  ])('[rfc7523-3-ca-sub-is-client-id] refuses sub that is %s', async (_form, claims) => {
    expectBadAssertion(await endpoint.authenticate(clientAssertion(claims)));
  });

  it('[rfc7523-3-ca-extra-claims] ignores claims that it does not know', async () => {
    expectToken(await endpoint.authenticate(clientAssertion({ foo: { bar: [1] }, scope: 'orders:write' })));
  });
});

describe('whom a client assertion is for', () => {
  it.each<[string, Claims]>([
    ['missing', { aud: undefined }],
    ['another server', { aud: 'https://other-as.example' }],
    ['an empty list', { aud: [] }],
    ['a number', { aud: 1 }],
    ['an object', { aud: { [issuer]: true } }],
  ])('[rfc7523-3-ca-aud-required] refuses aud that is %s', async (_form, claims) => {
    expectBadAssertion(await endpoint.authenticate(clientAssertion(claims)));
  });

  it.each([
    [[issuer, tokenEndpoint]],
    [[issuer, 'https://evil.example']],
    [['https://evil.example', issuer]],
    [[issuer, issuer]],
  ])(
    '[rfc7523bis-4-aud-sole-issuer] [attack-36-audience-injection-on-client-assertions] refuses the audiences %j',
    async (aud) => {
      expectBadAssertion(await endpoint.authenticate(clientAssertion({ aud })));
    },
  );

  it.each([tokenEndpoint, `${issuer}/par`, `${issuer}/introspect`, [tokenEndpoint]])(
    '[rfc7523bis-4-aud-not-token-endpoint] refuses the audience %j',
    async (aud) => {
      expectBadAssertion(await endpoint.authenticate(clientAssertion({ aud })));
    },
  );

  it.each([`${issuer}/`, 'HTTPS://AS.EXAMPLE', `${issuer}:443`, `${issuer}.evil`, 'https://as.exampl'])(
    '[rfc7523bis-4-aud-string-compare] refuses the audience %s',
    async (aud) => {
      expectBadAssertion(await endpoint.authenticate(clientAssertion({ aud })));
    },
  );

  it.each([[issuer], issuer].map((aud) => [aud]))(
    '[rfc7523bis-4-aud-one-member-array] accepts the audience %j',
    async (aud) => {
      expectToken(await endpoint.authenticate(clientAssertion({ aud })));
    },
  );

  describe('of a client with a compatibility setting', () => {
    const until = new Date((nowSeconds + 1000) * 1000).toISOString();
    const compatible = { ...clientA, compatibility: { audience: 'token-endpoint', until } } as const;

    async function startCompatible(client = compatible) {
      const uses: CompatibilityUse[] = [];
      const clock = fixedClock(nowSeconds);
      const onCompatibilityUse = (use: CompatibilityUse) => {
        uses.push(use);
      };
      const started = await startClientEndpoint({ clients: [client, clientB], onCompatibilityUse, clock });
      return { ...started, uses };
    }

    it('[rfc7523bis-4-aud-not-token-endpoint] accepts the token endpoint, and tells of it', async () => {
      const { authenticate, uses } = await startCompatible();
      expectToken(await authenticate(clientAssertion({ aud: tokenEndpoint })));
      expectToken(await authenticate(clientAssertion({ aud: [tokenEndpoint] })));
      const use = { clientId: 'client-a', setting: 'audience: token-endpoint' };
      expect(uses).toEqual([use, use]);
    });

    it('accepts the issuer as before, and tells nothing of it', async () => {
      const { authenticate, uses } = await startCompatible();
      expectToken(await authenticate());
      expectToken(await authenticate(clientAssertion({ aud: [issuer] })));
      expect(uses).toEqual([]);
    });

    it.each([[[issuer, tokenEndpoint]], [`${tokenEndpoint}/`], [`${issuer}/par`]])(
      'refuses the audience %j, and tells nothing of it',
      async (aud) => {
        const { authenticate, uses } = await startCompatible();
        expectBadAssertion(await authenticate(clientAssertion({ aud })));
        expect(uses).toEqual([]);
      },
    );

    it.each([
      [999, true],
      [1000, false],
    ])('after %d of 1000 seconds the relaxation holds: %s', async (seconds, isAccepted) => {
      const { authenticate, clock, uses } = await startCompatible();
      clock.advanceSeconds(seconds);
      const times = { iat: clock.nowSeconds(), exp: clock.nowSeconds() + 60 };
      expectOutcome(await authenticate(clientAssertion({ aud: tokenEndpoint, ...times })), isAccepted);
      expect(uses).toHaveLength(isAccepted ? 1 : 0);
      expectToken(await authenticate(clientAssertion(times)));
    });

    it('relaxes nothing for another client', async () => {
      const { authenticate } = await startCompatible({ ...compatible, client_id: 'client-c' } as never);
      const withoutIt = await startClientEndpoint({ clients: [clientA] });
      expectBadAssertion(await authenticate(clientAssertion({ aud: tokenEndpoint })));
      expectBadAssertion(await withoutIt.authenticate(clientAssertion({ aud: tokenEndpoint })));
    });

    it('is not disturbed by a listener that fails', async () => {
      const onCompatibilityUse = () => {
        throw new Error('listener');
      };
      const { authenticate } = await startClientEndpoint({ clients: [compatible], onCompatibilityUse });
      expectToken(await authenticate(clientAssertion({ aud: tokenEndpoint })));
    });
  });
});

describe('the times of a client assertion', () => {
  const withExp = (exp: string) =>
    compactJws({
      header: { alg: 'ES256', kid: 'a1' },
      payload: `{"iss":"client-a","sub":"client-a","aud":"${issuer}","jti":"one"${exp}}`,
      key: keyOfA,
    });

  it.each([
    ['missing', ''],
    ['a text', ',"exp":"1800000060"'],
    ['not finite', ',"exp":1e400'],
    ['null', ',"exp":null'],
  ])('[rfc7523-3-ca-exp-required] refuses exp that is %s', async (_form, exp) => {
    expectBadAssertion(await endpoint.authenticate(withExp(exp)));
  });

  it('[rfc7523-3-ca-exp-required] accepts the same with exp', async () => {
    expectToken(await endpoint.authenticate(withExp(`,"exp":${String(nowSeconds + 60)}`)));
  });

  it.each([
    [0, 0, false],
    [0, -1, false],
    [0, 1, true],
    [30, -31, false],
    [30, -30, false],
    [30, -29, true],
    [30, 0, true],
    [30, -1, true],
  ])(
    '[rfc7523-3-ca-exp-past] with a leeway of %d seconds and exp %d seconds from now: accepted %s',
    async (leewaySeconds, seconds, isAccepted) => {
      const { authenticate } = await startClientEndpoint({ leewaySeconds });
      const claims = { iat: nowSeconds - 60, exp: nowSeconds + seconds };
      expectOutcome(await authenticate(clientAssertion(claims)), isAccepted);
    },
  );

  it.each<[string, Claims, boolean]>([
    ['exp in a day', { exp: nowSeconds + 86_400 }, false],
    ['exp in a day and no iat', { exp: nowSeconds + 86_400, iat: undefined }, false],
    ['300 seconds from iat to exp', { exp: nowSeconds + 300 }, true],
    ['301 seconds from iat to exp', { exp: nowSeconds + 301 }, false],
    ['310 seconds until exp and no iat', { exp: nowSeconds + 310, iat: undefined }, true],
    ['311 seconds until exp and no iat', { exp: nowSeconds + 311, iat: undefined }, false],
    ['360 seconds from iat to exp', { iat: nowSeconds - 60, exp: nowSeconds + 300 }, false],
  ])('[rfc7523-3-ca-max-lifetime] judges by default: %s', async (_form, claims, isAccepted) => {
    expectOutcome(await endpoint.authenticate(clientAssertion(claims)), isAccepted);
  });

  it.each([
    [60, true],
    [61, false],
  ])('honours maximumAssertionLifetimeSeconds of 60 at %d: accepted %s', async (seconds, isAccepted) => {
    const { authenticate } = await startClientEndpoint({ maximumAssertionLifetimeSeconds: 60 });
    expectOutcome(await authenticate(clientAssertion({ exp: nowSeconds + seconds })), isAccepted);
  });

  it.each([
    [120, false],
    [31, false],
    [30, true],
    [10, true],
  ])(
    '[rfc7523-3-ca-nbf-future] with a leeway of 30 seconds and nbf %d seconds ahead: accepted %s',
    async (seconds, isAccepted) => {
      const { authenticate } = await startClientEndpoint({ leewaySeconds: 30 });
      expectOutcome(await authenticate(clientAssertion({ nbf: nowSeconds + seconds })), isAccepted);
    },
  );

  it.each<[string, Claims, boolean]>([
    ['two hours ago', { iat: nowSeconds - 7200 }, false],
    ['301 seconds ago', { iat: nowSeconds - 301, exp: nowSeconds - 1 }, false],
    ['300 seconds ago', { iat: nowSeconds - 300, exp: nowSeconds }, true],
    ['300 seconds ahead', { iat: nowSeconds + 300, exp: nowSeconds + 310 }, false],
    ['11 seconds ahead', { iat: nowSeconds + 11 }, false],
    ['10 seconds ahead', { iat: nowSeconds + 10 }, true],
    ['a text', { iat: String(nowSeconds) }, false],
    ['missing', { iat: undefined }, true],
  ])('[rfc7523-3-ca-iat-window] judges iat that is %s', async (_form, claims, isAccepted) => {
    expectOutcome(await endpoint.authenticate(clientAssertion(claims)), isAccepted);
  });
});

describe('the type of a client assertion', () => {
  const typed = (typ: unknown) => clientAssertion({}, { header: { typ } });
  const ownTypes = [
    'client-authentication+jwt',
    'application/client-authentication+jwt',
    'Client-Authentication+JWT',
    'APPLICATION/client-authentication+jwt',
  ];

  it.each([undefined, 'JWT', 'jwt', 'application/jwt'])(
    '[rfc7523bis-4-typ-missing-tolerated] accepts the type %j by default, and refuses it with requireTyp',
    async (typ) => {
      expectToken(await endpoint.authenticate(typed(typ)));
      const strict = await startClientEndpoint({ clients: [{ ...clientA, requireTyp: true }] });
      expectBadAssertion(await strict.authenticate(typed(typ)));
    },
  );

  it.each([
    'oauth-authz-req+jwt',
    'at+jwt',
    'dpop+jwt',
    'oauth-id-jag+jwt',
    'application/at+jwt',
    '',
    1,
    null,
  ])('[rfc7523bis-4-typ-wrong-refused] refuses the type %j', async (typ) => {
    expectBadAssertion(await endpoint.authenticate(typed(typ)));
  });

  it.each(ownTypes)('[rfc7523bis-4-typ-wrong-refused] accepts the type %s', async (typ) => {
    expectToken(await endpoint.authenticate(typed(typ)));
    const strict = await startClientEndpoint({ clients: [{ ...clientA, requireTyp: true }] });
    expectToken(await strict.authenticate(typed(typ)));
  });
});
