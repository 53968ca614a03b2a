import { describe, expect, it } from '@jest/globals';
import { inMemoryStores, SetupError, type Reservation, type SingleUseStore } from '@assay/core';
import { createGrantAcceptor, jwtBearerGrantType, parseForm } from '@assay/core/authorization-server';
import { fixedClock, publicJwk } from '@assay/testing';
import {
  assertion,
  formRequest,
  issuer,
  nowSeconds,
  otherKey,
  partner,
  refusedGrant,
  tokenEndpoint,
} from './support/token-endpoint.js';

/** A store that takes its time, and writes down what it is asked. */
function slowStore(): { singleUse: SingleUseStore; reservations: Reservation[] } {
  const { singleUse } = inMemoryStores({ clock: fixedClock(nowSeconds) });
  const reservations: Reservation[] = [];
  return {
    reservations,
    singleUse: {
      async reserve(reservation) {
        reservations.push(reservation);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return singleUse.reserve(reservation);
      },
    },
  };
}

describe('single use of grant assertions', () => {
  it('[rfc7523-3-grant-jti-replay] refuses the second use', async () => {
    const endpoint = tokenEndpoint();
    const jwt = assertion();
    expect((await endpoint.grant(jwt)).status).toBe(200);
    expect(await endpoint.grant(jwt)).toEqual(refusedGrant('grant.replayed'));
  });

  it('[rfc7523-3-grant-jti-replay] refuses an assertion without jti', async () => {
    expect(await tokenEndpoint().grant(assertion({ jti: undefined }))).toEqual(
      refusedGrant('token.claim-invalid'),
    );
  });

  it('[rfc7523-3-grant-jti-replay] accepts re-use until exp where the entry says so', async () => {
    const endpoint = tokenEndpoint({ assertionIssuers: [{ ...partner, singleUse: false }] });
    const withJti = assertion();
    const withoutJti = assertion({ jti: undefined });
    for (const jwt of [withJti, withJti, withoutJti, withoutJti]) {
      expect((await endpoint.grant(jwt)).status).toBe(200);
    }
    endpoint.clock.advanceSeconds(70);
    expect(await endpoint.grant(withJti)).toEqual(refusedGrant('token.expired'));
  });

  it('gives one token to 200 uses at the same time', async () => {
    const stores = slowStore();
    const endpoint = tokenEndpoint({ stores });
    const jwt = assertion();
    const answers = await Promise.all(Array.from({ length: 200 }, () => endpoint.grant(jwt)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(199);
    expect(refused).toEqual(refused.map(() => refusedGrant('grant.replayed')));
    expect(stores.reservations).toHaveLength(200);
  });

  it('reserves for the assertion issuer, until the assertion would be refused anyway', async () => {
    const stores = slowStore();
    await tokenEndpoint({ stores, leewaySeconds: 7 }).grant(assertion({ jti: 'one' }));
    expect(stores.reservations).toEqual([
      { purpose: 'jwt-bearer-grant', scope: ['partner'], id: 'one', expiresAt: nowSeconds + 67 },
    ]);
  });

  it('refuses a replay for as long as the leeway keeps the assertion alive', async () => {
    const endpoint = tokenEndpoint();
    const jwt = assertion();
    expect((await endpoint.grant(jwt)).status).toBe(200);
    endpoint.clock.advanceSeconds(69);
    expect(await endpoint.grant(jwt)).toEqual(refusedGrant('grant.replayed'));
    endpoint.clock.advanceSeconds(1);
    expect(await endpoint.grant(jwt)).toEqual(refusedGrant('token.expired'));
  });

  it('is not used up by judging alone', async () => {
    const { server, stores, grant } = tokenEndpoint({ stores: slowStore() });
    const jwt = assertion();
    const form = { grant_type: jwtBearerGrantType, assertion: jwt };
    await server.judgeTokenRequest(formRequest(form));
    await server.judgeTokenRequest(formRequest(form));
    expect(stores).toBeDefined();
    expect((await grant(jwt)).status).toBe(200);
  });

  it.each([
    ['a forged signature', { key: otherKey }, {}],
    ['another audience', {}, { aud: 'https://other.example' }],
    ['an expiry that is past', {}, { exp: nowSeconds - 60 }],
    ['a subject that is not accepted', {}, { sub: 'robot-2' }],
  ])('is not used up by an assertion of the same jti with %s', async (_form, variation, claims) => {
    const stores = slowStore();
    const endpoint = tokenEndpoint({ stores });
    expect((await endpoint.grant(assertion({ jti: 'one', ...claims }, variation))).status).toBe(400);
    expect(stores.reservations).toEqual([]);
    expect((await endpoint.grant(assertion({ jti: 'one' }))).status).toBe(200);
  });

  it.each([
    ['a scope that is not granted', { scope: 'orders:admin' }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://other.example' }, 'invalid_target'],
    ['client credentials', { client_secret: 's' }, 'invalid_client'],
    ['another client', { client_id: 'c' }, 'invalid_grant'],
  ])('is not used up by a request with %s', async (_form, parameters, error) => {
    const endpoint = tokenEndpoint();
    const jwt = assertion();
    expect((await endpoint.grant(jwt, parameters)).body['error']).toBe(error);
    expect((await endpoint.grant(jwt)).status).toBe(200);
  });

  it('is not used up when the application grants a scope that the request has not', async () => {
    const endpoint = tokenEndpoint();
    const jwt = assertion();
    const form = { grant_type: jwtBearerGrantType, assertion: jwt };
    const refused = await endpoint.post(form, { issuance: { scope: ['orders:admin'] } });
    expect(refused).toMatchObject({ status: 400, code: 'grant.scope-refused' });
    expect((await endpoint.grant(jwt)).status).toBe(200);
  });

  it('[attack-52-jti-collision-across-issuers-clients] keeps the jti of two issuers apart', async () => {
    const second = { ...partner, issuer: 'second', keys: publicJwk(otherKey), clientId: 'second-client' };
    const endpoint = tokenEndpoint({ assertionIssuers: [partner, second] });
    const bySecond = { key: otherKey, header: { kid: otherKey['kid'] } };
    expect((await endpoint.grant(assertion({ jti: 'one' }))).status).toBe(200);
    expect((await endpoint.grant(assertion({ jti: 'one', iss: 'second' }, bySecond))).status).toBe(200);
  });

  it('[attack-52-jti-collision-across-issuers-clients] keeps ("ab", "c") and ("a", "bc") apart', async () => {
    const entries = ['a', 'ab'].map((name) => ({ ...partner, issuer: name, clientId: `client ${name}` }));
    const endpoint = tokenEndpoint({ assertionIssuers: entries });
    expect((await endpoint.grant(assertion({ iss: 'ab', jti: 'c' }))).status).toBe(200);
    expect((await endpoint.grant(assertion({ iss: 'a', jti: 'bc' }))).status).toBe(200);
  });

  it.each([
    ['an expiry in ten years', { exp: nowSeconds + 315_360_000 }, 'token.lifetime-excessive'],
    ['an expiry in milliseconds', { exp: nowSeconds * 1000 }, 'token.lifetime-excessive'],
    ['a jti of 257 characters', { jti: 'j'.repeat(257) }, 'token.claim-invalid'],
    ['an empty jti', { jti: '' }, 'token.claim-invalid'],
    ['a jti that is no text', { jti: 1 }, 'token.claim-invalid'],
  ])('[attack-53-replay-store-growth] keeps %s out of the store', async (_form, claims, code) => {
    const stores = slowStore();
    expect(await tokenEndpoint({ stores }).grant(assertion(claims))).toEqual(refusedGrant(code));
    expect(stores.reservations).toEqual([]);
  });

  it('accepts a jti of 256 characters', async () => {
    expect((await tokenEndpoint().grant(assertion({ jti: 'j'.repeat(256) }))).status).toBe(200);
  });

  it('[attack-53-replay-store-growth] makes room for new assertions when old ones have expired', async () => {
    const clock = fixedClock(nowSeconds);
    const stores = inMemoryStores({ clock, maximumEntries: 2, maximumEntriesPerOwner: 2 });
    const endpoint = tokenEndpoint({ clock, stores });
    const later = { iat: nowSeconds + 70, exp: nowSeconds + 130 };
    expect((await endpoint.grant(assertion())).status).toBe(200);
    expect((await endpoint.grant(assertion())).status).toBe(200);
    expect((await endpoint.grant(assertion())).status).toBe(503);
    clock.advanceSeconds(70);
    expect((await endpoint.grant(assertion(later))).status).toBe(200);
  });

  describe('when the store', () => {
    const failing: readonly [string, SingleUseStore['reserve']][] = [
      ['rejects', () => Promise.reject(new Error('connection lost'))],
      [
        'throws',
        () => {
          throw new Error('connection lost');
        },
      ],
      ['answers something else', () => Promise.resolve('perhaps' as 'reserved')],
      ['answers nothing', () => Promise.resolve(undefined as unknown as 'reserved')],
    ];

    it.each(failing)('%s, refuses with 503 and issues nothing', async (_form, reserve) => {
      const answer = await tokenEndpoint({ stores: { singleUse: { reserve } } }).grant(assertion());
      expect(answer).toEqual({
        status: 503,
        headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'Retry-After': '5' },
        body: {
          error: 'temporarily_unavailable',
          error_description: 'The request cannot be judged right now.',
        },
        code: 'service.single-use-store-unavailable',
      });
    });

    it('recovers, accepts the assertion that could not be judged', async () => {
      const { singleUse } = inMemoryStores({ clock: fixedClock(nowSeconds) });
      let isDown = true;
      const reserve: SingleUseStore['reserve'] = (reservation) =>
        isDown ? Promise.reject(new Error('down')) : singleUse.reserve(reservation);
      const endpoint = tokenEndpoint({ stores: { singleUse: { reserve } } });
      const jwt = assertion();
      expect((await endpoint.grant(jwt)).status).toBe(503);
      isDown = false;
      expect((await endpoint.grant(jwt)).status).toBe(200);
    });
  });
});

describe('createGrantAcceptor', () => {
  const options = {
    issuer,
    assertionIssuers: [partner],
    stores: inMemoryStores(),
    clock: fixedClock(nowSeconds),
  };

  it('judges a grant on its own, and uses it up when told to', async () => {
    const acceptor = createGrantAcceptor(options);
    const form = parseForm(
      new URLSearchParams({ grant_type: jwtBearerGrantType, assertion: assertion() }).toString(),
    );
    const grant = await acceptor.judge(form);
    expect(grant).toMatchObject({
      grantType: jwtBearerGrantType,
      subject: 'robot-1',
      clientId: 'partner-client',
      scopes: ['orders:read', 'orders:write'],
      expiresNoLaterThan: nowSeconds + 60,
    });
    await expect(grant.reserve()).resolves.toBeUndefined();
    await expect(grant.reserve()).rejects.toMatchObject({ code: 'grant.replayed' });
  });

  it('holds no text of the assertion', async () => {
    const jwt = assertion();
    const form = parseForm(
      new URLSearchParams({ grant_type: jwtBearerGrantType, assertion: jwt }).toString(),
    );
    const grant = await createGrantAcceptor(options).judge(form);
    expect(JSON.stringify(grant)).not.toContain(jwt.slice(0, 40));
    expect(JSON.stringify(grant)).not.toContain(jwt.slice(-40));
  });

  it.each([
    ['no stores', undefined],
    ['stores without a single-use store', {}],
    ['a single-use store that cannot reserve', { singleUse: {} }],
  ])('wants to be told where uses are remembered: %s', (_form, stores) => {
    const create = () => createGrantAcceptor({ ...options, stores: stores as never });
    expect(create).toThrow(SetupError);
    expect(create).toThrow(/^stores: .*inMemoryStores\(\)/);
  });
});
