import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  SetupError,
  type DpopNonceOptions,
  type FailureCode,
  type ResourceServerOptions,
} from '@assay/core';
import type { ProofVariation } from '@assay/testing';
import { createDpopNonces } from '../../../packages/core/src/binding/dpop-nonces.js';
import {
  expectChallenges,
  origin,
  startDpopApi,
  type DpopApi,
  type ProvenCall,
} from '../support/dpop-api.js';
import { closeProtectedApis } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';

const secret = randomBytes(32);
const lifetimeSeconds = 300;

describe('RFC 9449 sections 8 and 9, nonces of a resource server', () => {
  const startDemanding = (
    nonce: DpopNonceOptions,
    settings: Partial<ResourceServerOptions> = {},
    shared: Partial<Pick<DpopApi, 'builder' | 'clock'>> = {},
  ) =>
    startDpopApi({
      ...shared,
      settings: { dpop: { nonce }, ...settings },
      routes: (app) => {
        app.get('/cached', (_request, response) => {
          response.set('Cache-Control', 'public, max-age=60').json({});
        });
      },
    });

  let api: DpopApi;
  beforeEach(async () => {
    api = await startDemanding({ secrets: [secret] });
  });
  afterAll(closeProtectedApis);

  /** Expects that a nonce is demanded, and returns the one that came with the demand. */
  function nonceFrom(answer: RawAnswer, code: FailureCode = 'proof.nonce-missing'): string {
    expectChallenges(answer, code, { bearer: undefined, dpop: code });
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'use_dpop_nonce' });
    const { 'dpop-nonce': nonces = [], 'cache-control': caching } = answer.headers;
    expect(nonces).toHaveLength(1);
    expect(caching).toEqual(['no-store']);
    return nonces[0] ?? '';
  }

  const prove = (call: ProvenCall = {}) => api.prove(call);

  it('[rfc9449-9-nonce-required] a valid proof without a nonce is told to use one, and gets it', async () => {
    const nonce = nonceFrom(await prove());
    expect((await prove({ nonce })).status).toBe(200);
    expect(api.handlerCalls()).toBe(1);
  });

  it('[rfc9449-9-nonce-required] each demand brings another nonce, and none makes an older one useless', async () => {
    const [first, second] = [nonceFrom(await prove()), nonceFrom(await prove())];
    expect(first).not.toBe(second);
    for (const nonce of [first, second, first]) expect((await prove({ nonce })).status).toBe(200);
  });

  it('[rfc9449-9-nonce-required] where none is demanded, none is given, and a proof with one passes', async () => {
    const plain = await startDpopApi({ settings: { dpop: true } });
    for (const call of [{}, { nonce: 'anything' }]) {
      const { status, headers } = await plain.prove(call);
      expect(status).toBe(200);
      expect(headers['dpop-nonce']).toBeUndefined();
    }
  });

  it('[rfc9449-9-nonce-required] a bearer token passes without, where bearer tokens are accepted', async () => {
    const { status, headers } = await api.sendToken(api.builder.accessToken());
    expect(status).toBe(200);
    expect(headers['dpop-nonce']).toBeUndefined();
  });

  it('[rfc9449-9-nonce-required] a proof that was refused for its nonce was not used up', async () => {
    const token = api.boundToken();
    const nonce = nonceFrom(await prove());
    const claims = { jti: 'the-same' };
    nonceFrom(await prove({ token, variation: { claims } }));
    expect((await prove({ token, nonce, variation: { claims } })).status).toBe(200);
  });

  describe('nonces that are not recent ones of this server', () => {
    const made = (changes: Partial<Parameters<typeof createDpopNonces>[0]>) =>
      createDpopNonces({
        secrets: [secret],
        owner: JSON.stringify(['resource-server', origin]),
        lifetimeSeconds,
        clock: api.clock,
        ...changes,
      }).fresh();

    it('are measured against one that is', async () => {
      expect((await prove({ nonce: made({}) })).status).toBe(200);
    });

    const foreign: readonly (readonly [string, () => unknown])[] = [
      ['made up', () => 'eyJ7S_zG.eyJH0-Z.HX4w-7v'],
      ['made up, of the right length', () => randomBytes(34).toString('base64url')],
      [
        'of the authorization server, by the same secret',
        () => made({ owner: JSON.stringify(['authorization-server', origin]) }),
      ],
      [
        'of another resource server, by the same secret',
        () => made({ owner: JSON.stringify(['resource-server', 'https://b.example']) }),
      ],
      ['made by another secret', () => made({ secrets: [randomBytes(32)] })],
      ['a number', () => 5],
      ['a list with a good one', () => [made({})]],
      ['true', () => true],
      ['a good one with a letter more', () => `${made({})}A`],
      ['a good one with padding', () => `${made({})}=`],
      ['a good one without its last letter', () => made({}).slice(0, -1)],
      ['two good ones', () => `${made({})} ${made({})}`],
      ['a megabyte', () => 'A'.repeat(5000)],
    ];

    it.each(foreign)('[rfc9449-9-nonce-mismatch] %s', async (_what, nonce) => {
      const answer = await prove({ variation: { claims: { nonce: nonce() } } });
      const fresh = nonceFrom(answer, 'proof.nonce-refused');
      expect((await prove({ nonce: fresh })).status).toBe(200);
    });

    it('[rfc9449-9-nonce-mismatch] a good one with any of its bits changed', async () => {
      const good = Buffer.from(made({}), 'base64url');
      for (const at of [0, 5, 6, 17, 18, good.length - 1]) {
        const changed = Buffer.from(good);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        const answer = await prove({ nonce: changed.toString('base64url') });
        expect(nonceFrom(answer, 'proof.nonce-refused')).not.toBe('');
      }
    });

    it('[rfc9449-9-nonce-mismatch] one that has expired, from the instant of its end on', async () => {
      const nonce = nonceFrom(await prove());
      api.clock.advanceSeconds(lifetimeSeconds - 0.001);
      expect((await prove({ nonce, token: freshToken() })).status).toBe(200);
      api.clock.advanceSeconds(0.001);
      nonceFrom(await prove({ nonce, token: freshToken() }), 'proof.nonce-refused');
    });

    it('[rfc9449-9-nonce-mismatch] one from a time that lies far ahead', async () => {
      const nonce = nonceFrom(await prove());
      api.clock.advanceSeconds(-lifetimeSeconds);
      expect((await prove({ nonce, token: freshToken() })).status).toBe(200);
      api.clock.advanceSeconds(-1);
      nonceFrom(await prove({ nonce, token: freshToken() }), 'proof.nonce-refused');
    });

    /** One that is good now, whatever became of the clock. */
    const freshToken = () =>
      api.boundToken({ iat: api.clock.nowSeconds(), exp: api.clock.nowSeconds() + 600 });
  });

  describe('the quality of nonces', () => {
    it('[rfc9449-8-nonce-quality] a thousand, from two instances that share a secret', async () => {
      const { builder, clock } = api;
      const instances = [api, await startDemanding({ secrets: [secret] }, {}, { builder, clock })];
      const server = (instance: DpopApi | undefined) => (instance ?? api).resourceServer;
      const demand = async (instance: DpopApi | undefined) => {
        const { proofs, boundToken } = api;
        const token = boundToken();
        const view = {
          method: 'GET',
          url: '/orders',
          headers: {
            authorization: [`DPoP ${token}`],
            dpop: [proofs.proof({ url: `${origin}/orders`, accessToken: token })],
          },
        };
        const error: unknown = await server(instance)
          .authenticate(view)
          .catch((caught: unknown) => caught);
        return server(instance).challenge(error).headers['DPoP-Nonce'] ?? '';
      };
      const nonces: string[] = [];
      for (let made = 0; made < 1000; made++) nonces.push(await demand(instances[made % 2]));

      expect(new Set(nonces).size).toBe(1000);
      // NQCHAR of RFC 6749 appendix A, as RFC 9449 section 8.1 has it.
      for (const nonce of nonces) expect(nonce).toMatch(/^[\x21\x23-\x5B\x5D-\x7E]+$/);
      expect(unpredictableBits(nonces)).toBeGreaterThanOrEqual(96);
      // Each is good at the other instance.
      for (const [at, nonce] of nonces.slice(0, 20).entries()) {
        const other = instances[(at + 1) % 2] ?? api;
        expect((await other.prove({ nonce })).status).toBe(200);
      }
    });

    /** How many bits of the nonces take both values, each about half of the time. */
    function unpredictableBits(nonces: readonly string[]): number {
      const texts = nonces.map((nonce) => Buffer.from(nonce, 'base64url'));
      const length = texts[0]?.length ?? 0;
      return Array.from({ length: length * 8 }, (_, bit) => {
        const ones = texts.filter((bytes) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1).length;
        return ones > nonces.length * 0.4 && ones < nonces.length * 0.6;
      }).filter(Boolean).length;
    }

    it('[rfc9449-8-nonce-quality] one that is built without the secret is refused, however well', async () => {
      const nonce = Buffer.from(nonceFrom(await prove()), 'base64url');
      const content = nonce.subarray(0, 18);
      const owner = JSON.stringify(['resource-server', origin]);
      for (const guess of [Buffer.alloc(0), Buffer.alloc(32), Buffer.from(owner), Buffer.from(origin)]) {
        const key = createHmac('sha256', guess).update(`assay dpop nonce\0${owner}`).digest();
        const mac = createHmac('sha256', key).update(content).digest().subarray(0, 16);
        const forged = Buffer.concat([content, mac]).toString('base64url');
        expect(nonceFrom(await prove({ nonce: forged }), 'proof.nonce-refused')).not.toBe(forged);
      }
    });

    it('[rfc9449-8-nonce-quality] a secret can follow another without a pause', async () => {
      const next = randomBytes(32);
      const both = await startDemanding({ secrets: [next, secret] });
      const after = await startDemanding({ secrets: [next] });
      const old = nonceFrom(await api.prove());
      const fresh = nonceFrom(await both.prove());
      expect((await both.prove({ nonce: old })).status).toBe(200);
      expect((await after.prove({ nonce: fresh })).status).toBe(200);
      nonceFrom(await after.prove({ nonce: old }), 'proof.nonce-refused');
    });

    it('[rfc9449-8-nonce-quality] instances that list their audiences in another order know each other', async () => {
      const audience = [origin, `${origin}/admin`];
      const one = await startDemanding({ secrets: [secret] }, { audience });
      const other = await startDemanding(
        { secrets: [secret] },
        { audience: [...audience].reverse(), realm: origin },
      );
      const nonce = nonceFrom(await one.prove());
      expect((await other.prove({ nonce })).status).toBe(200);
    });
  });

  describe('the next nonce', () => {
    it('[rfc9449-9-rs-nonce-rotation] comes with the success of one in the last quarter of its life', async () => {
      const nonce = nonceFrom(await prove());
      api.clock.advanceSeconds(lifetimeSeconds * 0.75 - 1);
      const young = await prove({ nonce });
      expect(young.status).toBe(200);
      expect(young.headers['dpop-nonce']).toBeUndefined();

      api.clock.advanceSeconds(1);
      const aging = await prove({ nonce });
      expect(aging.status).toBe(200);
      expect(aging.headers['dpop-nonce']).toHaveLength(1);
      expect(aging.headers['cache-control']).toEqual(['no-store']);
      const [next = ''] = aging.headers['dpop-nonce'] ?? [];
      expect(next).not.toBe(nonce);

      // The old one stays good until its end, and the next one beyond.
      expect((await prove({ nonce })).status).toBe(200);
      api.clock.advanceSeconds(lifetimeSeconds / 4);
      const token = api.boundToken({ iat: api.clock.nowSeconds(), exp: api.clock.nowSeconds() + 60 });
      nonceFrom(await prove({ nonce, token }), 'proof.nonce-refused');
      expect((await prove({ nonce: next, token })).status).toBe(200);
    });

    it('[rfc9449-9-rs-nonce-rotation] keeps the answer out of caches, whatever the route says', async () => {
      const nonce = nonceFrom(await prove());
      const young = await prove({ nonce, target: '/cached' });
      expect(young.headers['cache-control']).toEqual(['public, max-age=60']);
      api.clock.advanceSeconds(lifetimeSeconds * 0.8);
      const aging = await prove({ nonce, target: '/cached' });
      expect(aging.status).toBe(200);
      expect(aging.headers['dpop-nonce']).toHaveLength(1);
      expect(aging.headers['cache-control']).toEqual(['no-store']);
    });
  });

  describe('proofs without a nonce, where nonces are in force', () => {
    it.each<[string, ProofVariation]>([
      ['a perfect iat', {}],
      ['null', { claims: { nonce: null } }],
      ['an empty text', { claims: { nonce: '' } }],
      ['a nonce in the header', { header: { nonce: 'x' } }],
      ['a nonce under another name', { claims: { Nonce: 'x' } }],
    ])('[rfc9449-11.3-nonce-downgrade] never pass: %s', async (_what, variation) => {
      for (let times = 0; times < 3; times++) nonceFrom(await prove({ variation }));
      expect(api.handlerCalls()).toBe(0);
    });

    it('[rfc9449-11.3-nonce-downgrade] a bound token under Bearer does not pass either', async () => {
      const answer = await api.sendToken(api.boundToken());
      expectChallenges(answer, 'token.proof-required', { bearer: 'token.proof-required', dpop: undefined });
    });
  });

  it('demands a nonce of no proof that is bad in another way', async () => {
    for (const [code, variation] of [
      ['proof.method-mismatch', { claims: { htm: 'POST' } }],
      ['proof.uri-mismatch', { claims: { htu: 'https://other.example' } }],
      ['proof.type-mismatch', { header: { typ: 'JWT' } }],
    ] as const) {
      const answer = await prove({ variation });
      expectChallenges(answer, code, { bearer: undefined, dpop: code });
      expect(answer.headers['dpop-nonce']).toBeUndefined();
    }
  });

  it('is not deceived by a nonce for the age of a proof', async () => {
    const nonce = nonceFrom(await prove());
    const answer = await prove({ nonce, variation: { claims: { iat: api.clock.nowSeconds() - 61 } } });
    expectChallenges(answer, 'proof.too-old', { bearer: undefined, dpop: 'proof.too-old' });
  });

  describe('setting up', () => {
    let server: Pick<DpopApi, 'builder'>;
    beforeAll(async () => {
      server = await startDpopApi();
    });
    const withNonce = (nonce: unknown) => () =>
      createResourceServer({
        issuer: server.builder.issuer,
        audience: origin,
        keys: server.builder.jwks,
        dpop: { nonce: nonce as DpopNonceOptions },
      });

    it.each<[string, unknown, string]>([
      ['no secrets', {}, 'dpop.nonce.secrets'],
      ['an empty list', { secrets: [] }, 'dpop.nonce.secrets'],
      ['a secret that is no list', { secrets: randomBytes(32) }, 'dpop.nonce.secrets'],
      ['a secret of 31 bytes', { secrets: [randomBytes(31)] }, 'dpop.nonce.secrets'],
      ['a text of 31 bytes', { secrets: [randomBytes(31).toString('base64url')] }, 'dpop.nonce.secrets'],
      ['one that is too short among good ones', { secrets: [randomBytes(32), 'AA'] }, 'dpop.nonce.secrets'],
      [
        'a pass phrase',
        { secrets: ['correct horse battery staple, and then some more of it'] },
        'dpop.nonce.secrets',
      ],
      ['a hundred letters of hex and a blank', { secrets: [`${'ab'.repeat(50)} `] }, 'dpop.nonce.secrets'],
      ['a life of 9 seconds', { secrets: [secret], lifetimeSeconds: 9 }, 'dpop.nonce.lifetimeSeconds'],
      ['a life of a day', { secrets: [secret], lifetimeSeconds: 86_400 }, 'dpop.nonce.lifetimeSeconds'],
      ['another option', { secrets: [secret], lifetime: 300 }, 'dpop.nonce.lifetime'],
      ['no object', 'x', 'dpop.nonce'],
    ])('is a mistake at start with %s', (_what, nonce, option) => {
      expect(withNonce(nonce)).toThrow(SetupError);
      expect(withNonce(nonce)).toThrow(`${option}: `);
    });

    it.each<[string, unknown]>([
      ['bytes', { secrets: [secret] }],
      ['base64url', { secrets: [secret.toString('base64url')] }],
      ['several, and the shortest life', { secrets: [secret, randomBytes(64)], lifetimeSeconds: 10 }],
      ['the longest life', { secrets: [secret], lifetimeSeconds: 3600 }],
    ])('is none with %s', (_what, nonce) => {
      expect(withNonce(nonce)).not.toThrow();
    });

    it('bytes and their base64url are the same secret', async () => {
      const text = await startDemanding({ secrets: [secret.toString('base64url')] });
      const nonce = nonceFrom(await prove());
      expect((await text.prove({ nonce })).status).toBe(200);
    });
  });
});
