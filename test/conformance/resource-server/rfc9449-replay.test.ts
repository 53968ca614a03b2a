import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  failures,
  inMemoryStores,
  type Reservation,
  type SingleUseStore,
} from '@assay/core';
import { protect } from '@assay/express';
import { createProofBuilder, type ProofVariation } from '@assay/testing';
import { Router } from 'express';
import { useUpProof } from '../../../packages/core/src/binding/use-up-proof.js';
import type { DpopProof } from '../../../packages/core/src/binding/verify-dpop-proof.js';
import {
  dpopLines,
  expectChallenges,
  expectProofRefused,
  expectProven,
  origin,
  provenBy,
  startDpopApi,
  type DpopApi,
} from '../support/dpop-api.js';
import { closeProtectedApis, nowSeconds } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';

const url = `${origin}/orders`;

/** A store that notes what it is asked, and answers as it is told. */
function recordingStore(reserve?: SingleUseStore['reserve']) {
  const reservations: Reservation[] = [];
  const inner = inMemoryStores().singleUse;
  const singleUse: SingleUseStore = {
    reserve: (reservation) => {
      reservations.push(reservation);
      return (reserve ?? inner.reserve)(reservation);
    },
  };
  return { reservations, stores: { singleUse } };
}

describe('RFC 9449 section 11.1, a proof works once', () => {
  let api: DpopApi;
  beforeAll(async () => {
    api = await startDpopApi({
      defaultLeeway: true,
      routes: (app) => {
        app.all('/other', (_request, response) => response.json({}));
      },
    });
  });
  afterAll(closeProtectedApis);

  const statusesOf = async (answers: readonly Promise<RawAnswer>[]) =>
    (await Promise.all(answers)).map(({ status }) => status).sort();

  const proofFor = ({ proofs, boundToken }: DpopApi, variation?: ProofVariation) => {
    const token = boundToken();
    return { token, proof: proofs.proof({ url, accessToken: token }, variation) };
  };

  describe('twice', () => {
    it('[rfc9449-11.1-jti-replay] [attack-27-dpop-replay-order-downgrade] in sequence', async () => {
      const once = proofFor(api);
      await expectProven(api, () => api.prove(once));
      await expectProofRefused(api, () => api.prove(once), 'proof.replayed');
      await expectProofRefused(api, () => api.prove(once), 'proof.replayed');
    });

    it('[rfc9449-11.1-jti-replay] [attack-27-dpop-replay-order-downgrade] at the same time', async () => {
      const once = proofFor(api);
      const before = api.handlerCalls();
      const answers = Array.from({ length: 10 }, () => api.prove(once));
      await expect(statusesOf(answers)).resolves.toEqual([200, ...Array.from({ length: 9 }, () => 401)]);
      expect(api.handlerCalls()).toBe(before + 1);
    });

    it('[rfc9449-11.1-jti-replay] [attack-27-dpop-replay-order-downgrade] at two instances that share a store', async () => {
      const stores = inMemoryStores({ clock: api.clock });
      const { builder, clock } = api;
      const [one, two] = [
        await startDpopApi({ builder, clock, settings: { stores } }),
        await startDpopApi({ builder, clock, settings: { stores } }),
      ];
      const mine = { ...one, ...provenBy(one, api.proofs) };
      const yours = { ...two, ...provenBy(two, api.proofs) };
      const first = proofFor(api);
      await expectProven(mine, () => mine.prove(first));
      await expectProofRefused(yours, () => yours.prove(first), 'proof.replayed');

      const second = proofFor(api);
      const answers = Array.from({ length: 10 }, (_, at) => (at % 2 ? mine : yours).prove(second));
      await expect(statusesOf(answers)).resolves.toEqual([200, ...Array.from({ length: 9 }, () => 401)]);
    });

    it('[rfc9449-11.1-jti-replay] until it would be refused for its age anyway', async () => {
      const aged = await startDpopApi({ defaultLeeway: true });
      const once = proofFor(aged);
      await expectProven(aged, () => aged.prove(once));
      aged.clock.advanceSeconds(70);
      await expectProofRefused(aged, () => aged.prove(once), 'proof.replayed');
      aged.clock.advanceSeconds(0.5);
      await expectProofRefused(aged, () => aged.prove(once), 'proof.too-old');
    });

    it('[rfc9449-11.1-jti-replay] also when it was made a little in the future', async () => {
      const early = await startDpopApi({ defaultLeeway: true });
      const once = proofFor(early, { claims: { iat: nowSeconds + 10 } });
      await expectProven(early, () => early.prove(once));
      early.clock.advanceSeconds(80);
      await expectProofRefused(early, () => early.prove(once), 'proof.replayed');
      early.clock.advanceSeconds(1);
      await expectProofRefused(early, () => early.prove(once), 'proof.too-old');
    });

    it('[rfc9449-11.1-jti-replay] in another text of the same claims', async () => {
      const jti = randomUUID();
      await expectProven(api, () => api.prove(proofFor(api, { claims: { jti } })));
      // An ECDSA signature is another each time, and so is the header.
      const again = proofFor(api, { claims: { jti, iat: nowSeconds - 1 }, header: { typ: 'DPOP+JWT' } });
      await expectProofRefused(api, () => api.prove(again), 'proof.replayed');
    });
  });

  describe('the same jti', () => {
    it('[rfc9449-11.1-jti-replay] is another proof for another target', async () => {
      const variation = { claims: { jti: randomUUID() } };
      await expectProven(api, () => api.prove({ variation }));
      expect((await api.prove({ target: '/other', variation })).status).toBe(200);
      expect((await api.prove({ target: '/other', variation })).status).toBe(401);
    });

    it('[rfc9449-11.1-jti-replay] is another proof by another key', async () => {
      const variation = { claims: { jti: randomUUID() } };
      const bob = provenBy(api, await createProofBuilder({ clock: api.clock }));
      await expectProven(api, () => api.prove({ variation }));
      await expectProven(api, () => bob.prove({ variation }));
      await expectProofRefused(api, () => bob.prove({ variation }), 'proof.replayed');
    });

    it('is never taken for that of a target whose name is cut elsewhere', async () => {
      const recorded = recordingStore();
      const proof = (htu: string, jti: string) =>
        ({ claims: { htu, jti, iat: nowSeconds }, thumbprint: 't' }) as unknown as DpopProof;
      const window = { proofLifetimeSeconds: 60, leewaySeconds: 10 };
      await useUpProof(recorded.stores.singleUse, proof('https://a.example/a', 'b'), window);
      await useUpProof(recorded.stores.singleUse, proof('https://a.example/', 'ab'), window);
      await useUpProof(recorded.stores.singleUse, proof('https://a.example/a","b', ''), window);
      expect(new Set(recorded.reservations.map(({ id }) => id)).size).toBe(3);
    });
  });

  describe('a store that fails', () => {
    const failing: readonly (readonly [string, SingleUseStore['reserve']])[] = [
      ['it rejects', () => Promise.reject(new Error('connection lost'))],
      [
        'it throws',
        () => {
          throw new Error('connection lost');
        },
      ],
      ['it answers nothing', () => Promise.resolve(undefined as never)],
      ['it answers true', () => Promise.resolve(true as never)],
      ['it answers OK', () => Promise.resolve('OK' as never)],
    ];

    it.each(failing)('[rfc9449-11.1-jti-replay] refuses, and never lets pass: %s', async (_what, reserve) => {
      const broken = await startDpopApi({ settings: { stores: { singleUse: { reserve } } } });
      const { status, headers, body, text } = await broken.prove();
      expect(status).toBe(503);
      expect(headers['retry-after']).toEqual([expect.stringMatching(/^[1-9]\d*$/)]);
      expect(headers['www-authenticate']).toBeUndefined();
      const { error, description } = failures['service.single-use-store-unavailable'];
      expect(JSON.parse(body)).toEqual({ error, error_description: description });
      expect(text).not.toContain('connection lost');
      expect(broken.handlerCalls()).toBe(0);
      // Tokens that need no proof pass all the same.
      await expectProven(broken, () => broken.sendToken(broken.builder.accessToken()));
    });

    it('[rfc9449-11.1-jti-replay] refuses what a full store cannot remember', async () => {
      const { clock } = api;
      const full = await startDpopApi({
        clock,
        builder: api.builder,
        settings: { stores: inMemoryStores({ maximumEntries: 2, maximumEntriesPerOwner: 1, clock }) },
      });
      await expectProven(full, () => full.prove());
      expect((await full.prove()).status).toBe(503);
      // The share of one key, and not that of another.
      const bob = provenBy(full, await createProofBuilder({ clock }));
      await expectProven(full, () => bob.prove());
      expect((await bob.prove()).status).toBe(503);
      clock.advanceSeconds(120);
      await expectProven(full, () => full.prove());
      clock.advanceSeconds(-120);
    });

    it('[rfc9449-11.1-jti-size] a key that asks for ever other targets has one share all the same', async () => {
      const { clock, builder } = api;
      const full = await startDpopApi({
        clock,
        builder,
        settings: { stores: inMemoryStores({ maximumEntries: 10, maximumEntriesPerOwner: 3, clock }) },
      });
      const statuses: number[] = [];
      for (let at = 0; at < 5; at++)
        statuses.push((await full.prove({ target: `/nowhere/${String(at)}` })).status);
      expect(statuses).toEqual([404, 404, 404, 503, 503]);
      const bob = provenBy(full, await createProofBuilder({ clock }));
      await expectProven(full, () => bob.prove());
    });
  });

  describe('a request that fails', () => {
    let recorded: ReturnType<typeof recordingStore>;
    let judged: DpopApi;
    let answersOfPolicy: readonly string[] | Error;
    beforeEach(async () => {
      recorded = recordingStore();
      answersOfPolicy = ['orders:read'];
      judged = await startDpopApi({
        builder: api.builder,
        clock: api.clock,
        settings: {
          stores: recorded.stores,
          scopesOfActor: () => {
            if (answersOfPolicy instanceof Error) throw answersOfPolicy;
            return answersOfPolicy;
          },
        },
      });
    });

    const variations: readonly (readonly [string, ProofVariation])[] = [
      ['type', { header: { typ: 'JWT' } }],
      ['key', { header: { jwk: undefined } }],
      ['algorithm', { header: { alg: 'HS256' } }],
      ['jti', { claims: { jti: undefined } }],
      ['method', { claims: { htm: 'POST' } }],
      ['URI', { claims: { htu: origin } }],
      ['time', { claims: { iat: nowSeconds - 1000 } }],
      ['token', { claims: { ath: 'x' } }],
      ['expiry', { claims: { exp: nowSeconds - 1000 } }],
    ];

    it.each(variations)(
      '[rfc9449-11.1-jti-replay] [attack-27-dpop-replay-order-downgrade] uses nothing up: a proof with a bad %s',
      async (_what, variation) => {
        expect((await judged.prove({ variation })).status).toBe(401);
        expect(recorded.reservations).toEqual([]);
      },
    );

    it.each<[string, (token: string) => string]>([
      ['of another key', () => judged.boundToken({ cnf: { jkt: 'A'.repeat(43) } })],
      ['of another audience', () => judged.boundToken({ aud: 'https://other.example' })],
      ['that has expired', () => judged.boundToken({ exp: nowSeconds - 1000 })],
      ['that is bound to nothing', () => judged.builder.accessToken()],
      [
        'that is bound to a certificate as well',
        () => judged.boundToken({ cnf: { jkt: judged.proofs.thumbprint, 'x5t#S256': 'A'.repeat(43) } }),
      ],
      ['with another signature', (token) => `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`],
    ])(
      '[rfc9449-11.1-jti-replay] [attack-27-dpop-replay-order-downgrade] uses nothing up: a token %s',
      async (_what, make) => {
        const token = make(judged.boundToken());
        expect((await judged.prove({ token })).status).toBe(401);
        expect(recorded.reservations).toEqual([]);
      },
    );

    it('[rfc9449-11.1-jti-replay] uses nothing up: an outage of our own', async () => {
      answersOfPolicy = new Error('no answer');
      const act = { sub: 'agent-1' };
      const token = judged.boundToken({ act });
      const proof = judged.proofs.proof({ url, accessToken: token });
      expect((await judged.prove({ token, proof })).status).toBe(500);
      expect(recorded.reservations).toEqual([]);
      answersOfPolicy = [];
      await expectProven(judged, () => judged.prove({ token, proof }));
      expect(recorded.reservations).toHaveLength(1);
    });

    it('uses nothing up where it is only appraised', async () => {
      const { token, proof } = proofFor(judged);
      const headers = { authorization: [`DPoP ${token}`], dpop: [proof] };
      const view = { method: 'GET', url: '/orders', headers };
      for (let times = 0; times < 2; times++) {
        await expect(judged.resourceServer.appraise(view)).resolves.toMatchObject({ outcome: 'accepted' });
      }
      expect(recorded.reservations).toEqual([]);
      await expectProven(judged, () => judged.prove({ token, proof }));
    });
  });

  describe('what the store has to remember', () => {
    it.each([
      ['a short jti', 'x'],
      ['a long jti', 'x'.repeat(256)],
      ['a jti beyond ASCII', 'ü€😀'],
      ['a jti like JSON', '","purpose":"x'],
    ])('[rfc9449-11.1-jti-size] is of one size, for one window: %s', async (_what, jti) => {
      const recorded = recordingStore();
      const sized = await startDpopApi({ defaultLeeway: true, settings: { stores: recorded.stores } });
      await expectProven(sized, () => sized.prove({ variation: { claims: { jti } } }));
      expect(recorded.reservations).toEqual([
        {
          purpose: 'dpop-proof',
          scope: [sized.proofs.thumbprint],
          id: expect.stringMatching(/^[\w-]{43}$/),
          // The lifetime, the leeway, and the last second.
          expiresAt: nowSeconds + 60 + 10 + 1,
        },
      ]);
    });

    it.each([257, 10_000])(
      '[rfc9449-11.1-jti-size] [attack-27-dpop-replay-order-downgrade] a jti of %d characters is refused',
      async (length) => {
        const variation = { claims: { jti: 'x'.repeat(length) } };
        await expectProofRefused(api, () => api.prove({ variation }), 'proof.claim-invalid');
      },
    );

    it('[rfc9449-11.1-jti-size] a million distinct proofs', async () => {
      const proofs = 1_000_000;
      const clock = { nowMs: () => nowSeconds * 1000 };
      const limits = { maximumEntries: proofs, maximumEntriesPerOwner: proofs };
      const { singleUse } = inMemoryStores({ ...limits, clock });
      const sizes = new Set<number>();
      let asked = 0;
      const store: SingleUseStore = {
        reserve: (reservation) => {
          if (asked++ % 10_000 === 0) sizes.add(JSON.stringify(reservation).length);
          return singleUse.reserve(reservation);
        },
      };
      const window = { proofLifetimeSeconds: 60, leewaySeconds: 10 };
      const use = (at: number) => {
        const claims = { jti: `proof-${String(at)}`, htu: url, iat: nowSeconds };
        return useUpProof(store, { claims, thumbprint: 'a key' } as unknown as DpopProof, window);
      };
      const heapBefore = heapUsed();
      for (let at = 0; at < proofs; at++) await use(at);
      const bytesPerProof = Math.round((heapUsed() - heapBefore) / proofs);
      process.stdout.write(`a million DPoP proofs in memory: ${String(bytesPerProof)} bytes each\n`);
      expect([...sizes]).toHaveLength(1);
      expect(bytesPerProof).toBeLessThan(512);
      await expect(use(0)).rejects.toMatchObject({ code: 'proof.replayed' });
      await expect(use(proofs - 1)).rejects.toMatchObject({ code: 'proof.replayed' });
      // Full: what cannot be remembered is refused, and nothing is forgotten.
      await expect(use(proofs)).rejects.toMatchObject({ code: 'service.single-use-store-unavailable' });
      await expect(use(0)).rejects.toMatchObject({ code: 'proof.replayed' });
    }, 120_000);

    function heapUsed(): number {
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
      return process.memoryUsage().heapUsed;
    }
  });

  describe('is asked for once', () => {
    it('[rfc9449-11.1-jti-replay] however often a request passes the same resource server', async () => {
      const { builder, clock } = api;
      const options = { issuer: builder.issuer, audience: origin, keys: builder.jwks, clock };
      const [inner, innermost] = [createResourceServer(options), createResourceServer(options)];
      const seen: string[] = [];
      const nested = await startDpopApi({
        builder,
        clock,
        routes: (app) => {
          const router = Router();
          router.use(protect(inner), protect(innermost), protect(inner), protect(innermost));
          router.get('/r', protect(inner), (request, response) => {
            seen.push(request.principal?.subject ?? '');
            response.json({});
          });
          app.use('/nested', router);
        },
      });
      const { status } = await nested.prove({ target: '/nested/r' });
      expect(status).toBe(200);
      expect(seen).toEqual(['user-1']);
    });
  });

  it('[rfc9449-11.1-jti-replay] a replay is answered like any other proof that is not accepted', async () => {
    const mixed = await startDpopApi({ settings: { dpop: true } });
    const once = proofFor(mixed);
    expect((await mixed.prove(once)).status).toBe(200);
    expectChallenges(await mixed.prove(once), 'proof.replayed', {
      bearer: undefined,
      dpop: 'proof.replayed',
    });
    const lines = dpopLines(`DPoP ${once.token}`, once.proof);
    expect((await mixed.send({ lines })).status).toBe(401);
  });
});
