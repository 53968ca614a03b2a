import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inMemoryStores, type Reservation, type SingleUseStore } from '@assay/core';
import { fixedClock } from '@assay/testing';
import { describeWithRedis } from '../../../packages/redis/test/support/describe-with-redis.js';
import { startRedis, type RedisServer } from '../../../packages/redis/test/support/redis-server.js';
import {
  clientA,
  clientAssertion,
  closeClientEndpoints,
  credentials,
  expectBadAssertion,
  expectRefusal,
  expectToken,
  grantAssertion,
  issuer,
  keyOfB,
  nowSeconds,
  startClientEndpoint,
} from '../support/client-endpoint.js';

/** Client assertions work once, over HTTP. */

afterAll(closeClientEndpoints);

/** A store in memory that writes down what it is asked. */
function observedStores(clock = fixedClock(nowSeconds)) {
  const { singleUse } = inMemoryStores({ clock });
  const reservations: Reservation[] = [];
  const reserve: SingleUseStore['reserve'] = (reservation) => {
    reservations.push(reservation);
    return singleUse.reserve(reservation);
  };
  return { stores: { singleUse: { reserve } }, reservations, singleUse };
}

const ofB = (jti: string) => clientAssertion({ iss: 'client-b', sub: 'client-b', jti }, { key: keyOfB });

describe('a client assertion', () => {
  it('[rfc7523-3-ca-jti-replay] works once', async () => {
    const { authenticate } = await startClientEndpoint();
    const jwt = clientAssertion();
    expectToken(await authenticate(jwt));
    expectRefusal(await authenticate(jwt), 'client.replayed', 400);
    expectRefusal(await authenticate(clientAssertion({ jti: undefined })), 'client.assertion-refused', 400);
  });

  it('[rfc7523-3-ca-jti-replay] works once at two servers that share a store, however many times at once', async () => {
    const { stores } = observedStores();
    const servers = await Promise.all([startClientEndpoint({ stores }), startClientEndpoint({ stores })]);
    const jwt = clientAssertion();
    const answers = await Promise.all(
      servers.flatMap(({ authenticate }) => Array.from({ length: 20 }, () => authenticate(jwt))),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(39);
    expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'client.replayed'));
  });

  it('[rfc7523-3-ca-jti-scope-and-ttl] is remembered for its client alone, until it has expired', async () => {
    const clock = fixedClock(nowSeconds);
    const { stores, reservations, singleUse } = observedStores(clock);
    const { authenticate } = await startClientEndpoint({ stores, clock, leewaySeconds: 10 });
    const jwt = clientAssertion({ jti: '1' });
    expectToken(await authenticate(jwt));
    expectToken(await authenticate(ofB('1')), 'client-b');
    const expiresAt = nowSeconds + 70;
    const reservation = { purpose: 'client-assertion', scope: [issuer, 'client-a'], id: '1', expiresAt };
    expect(reservations).toEqual([reservation, { ...reservation, scope: [issuer, 'client-b'] }]);
    clock.advanceSeconds(59);
    expectRefusal(await authenticate(jwt), 'client.replayed', 400);
    clock.advanceSeconds(10);
    expectRefusal(await authenticate(jwt), 'client.replayed', 400);
    expect(await singleUse.reserve(reservation)).toBe('replayed');
    clock.advanceSeconds(1);
    expectBadAssertion(await authenticate(jwt));
    expect(await singleUse.reserve({ ...reservation, expiresAt: expiresAt + 60 })).toBe('reserved');
  });

  it('[attack-52-jti-collision-across-issuers-clients] keeps its jti apart from that of a grant', async () => {
    const { post } = await startClientEndpoint();
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' };
    const assertion = grantAssertion({ jti: '1' });
    expectToken(await post({ ...form, assertion, ...credentials(clientAssertion({ jti: '1' })) }));
  });

  it.each([
    ['a bad signature', {}, { key: { ...keyOfB, kid: 'a1' } }],
    ['another audience', { aud: 'https://other.example' }, {}],
    ['an expiry that is past', { exp: nowSeconds - 60 }, {}],
    ['the subject of another', { sub: 'client-b' }, {}],
  ])(
    '[rfc7523-3-ca-jti-after-signature] is not used up by one with its jti and %s',
    async (_form, claims, by) => {
      const { stores, reservations } = observedStores();
      const { authenticate } = await startClientEndpoint({ stores });
      expectBadAssertion(await authenticate(clientAssertion({ jti: 'J', ...claims }, by)));
      expect(reservations).toEqual([]);
      expectToken(await authenticate(clientAssertion({ jti: 'J' })));
    },
  );

  it.each<[string, SingleUseStore['reserve']]>([
    ['rejects', () => Promise.reject(new Error('connection lost'))],
    ['gives up after a while', () => Promise.reject(new DOMException('too late', 'TimeoutError'))],
    [
      'throws',
      () => {
        throw new Error('connection lost');
      },
    ],
    ['answers nothing', () => Promise.resolve(undefined as unknown as 'reserved')],
  ])('[rfc7523-3-ca-replay-store-down] is not accepted where the store %s', async (_form, reserve) => {
    const { authenticate } = await startClientEndpoint({ stores: { singleUse: { reserve } } });
    const answer = await authenticate();
    expectRefusal(answer, 'service.single-use-store-unavailable', 503);
    expect(answer.body['error']).toBe('temporarily_unavailable');
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.body).not.toHaveProperty('access_token');
  });

  it('is not accepted when it has died between judging and use, when stores have forgotten it', async () => {
    const { server, clock } = await startClientEndpoint();
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...credentials() }).toString();
    const judge = () =>
      server.judgeTokenRequest({
        method: 'POST',
        url: '/token',
        headers: { 'content-type': ['application/x-www-form-urlencoded'] },
        readBody: () => Promise.resolve(Buffer.from(form)),
      });
    const [first, second, third] = [await judge(), await judge(), await judge()];
    clock.advanceSeconds(69);
    await expect(server.issueAccessToken(first)).resolves.toMatchObject({ token_type: 'Bearer' });
    await expect(server.issueAccessToken(second)).rejects.toMatchObject({ code: 'client.replayed' });
    clock.advanceSeconds(1);
    await expect(server.issueAccessToken(third)).rejects.toMatchObject({ code: 'client.assertion-refused' });
  });
});

describeWithRedis('a client assertion at two processes that share a Redis', () => {
  let redis: RedisServer;
  const children: ChildProcessWithoutNullStreams[] = [];
  let urls: readonly string[];

  async function startProcess(): Promise<string> {
    const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
    const child = spawn(process.execPath, [
      '--import',
      file('../../../packages/redis/test/support/run-typescript.mjs'),
      file('../support/authorization-server-process.ts'),
      String(redis.port),
      issuer,
      JSON.stringify(clientA),
    ]);
    children.push(child);
    child.stderr.pipe(process.stderr);
    const { value } = (await createInterface(child.stdout)[Symbol.asyncIterator]().next()) as {
      value: string;
    };
    return `http://127.0.0.1:${value}/token`;
  }

  beforeAll(async () => {
    redis = await startRedis();
    urls = await Promise.all([startProcess(), startProcess()]);
  }, 120_000);
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await redis.stop();
  });

  it('[rfc7523-3-ca-jti-replay] works once, however many times it is posted at once', async () => {
    const now = Math.floor(Date.now() / 1000);
    for (let round = 0; round < 5; round++) {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        ...credentials(clientAssertion({ iat: now, exp: now + 200 })),
      });
      const answers = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const response = await fetch(urls[index % 2] ?? '', { method: 'POST', body });
          expect(response.headers.get('cache-control')).toBe('no-store');
          return { status: response.status, body: (await response.json()) as { error?: string } };
        }),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const refused = answers.filter(({ status }) => status !== 200);
      expect(refused).toHaveLength(9);
      for (const { status, body: refusal } of refused) {
        expect({ status, error: refusal.error }).toEqual({ status: 400, error: 'invalid_client' });
      }
    }
  });
});
