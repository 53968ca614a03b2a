import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ResourceServerOptions } from '@assay/core';
import { createProofBuilder, fixedClock, type ProofBuilder, type TokenBuilder } from '@assay/testing';
import { expectRefusal } from '../support/expect-refusal.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import { closeSenderApis, senderPlatforms, startSenderApi, type SenderApi } from '../support/sender-api.js';

const clock = fixedClock(nowSeconds);
const foreign = 'https://other.example';
const own = 'https://api.example';
/** The peers of these tests are on loopback, so that this list trusts them and the other one does not. */
const listed = ['127.0.0.1'];
const unlisted = ['10.0.0.5', '127.0.0.2'];

let builder: TokenBuilder;
let settings: ResourceServerOptions;
let prover: ProofBuilder;
let token: string;

beforeAll(async () => {
  builder = await baselineBuilder(clock);
  settings = {
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
  };
  prover = await createProofBuilder({ clock });
  token = builder.accessToken({ cnf: { jkt: prover.thumbprint } });
});
afterAll(closeSenderApis);

/** Every way to say that a request went to an origin. */
const claims = (origin: string): readonly (readonly string[])[] => {
  const { protocol, host } = new URL(origin);
  const proto = protocol.slice(0, -1);
  return [
    [`X-Forwarded-Proto: ${proto}`, `X-Forwarded-Host: ${host}`],
    [`Forwarded: for=192.0.2.1;proto=${proto};host="${host}"`],
    [`Forwarded: host="${host}";proto=${proto}`, `X-Forwarded-Proto: ${proto}`, `X-Forwarded-Host: ${host}`],
  ];
};

describe.each(senderPlatforms)('headers about the request that proxies send, on %s', (platform) => {
  const start = (more: Partial<ResourceServerOptions> = {}) =>
    startSenderApi(platform, { ...settings, ...more });

  const withProofFor = (origin: string, lines: readonly string[], path = '/orders') => ({
    lines: [
      `Authorization: DPoP ${token}`,
      `DPoP: ${prover.proof({ url: origin + path, accessToken: token })}`,
      ...lines,
    ],
  });

  async function expectPasses(api: SenderApi, origin: string, lines: readonly string[]): Promise<void> {
    const answer = await api.send(withProofFor(origin, lines));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
  }

  async function expectWrongUri(api: SenderApi, origin: string, lines: readonly string[]): Promise<void> {
    const before = api.handlerCalls();
    expectRefusal(await api.send(withProofFor(origin, lines)), 'proof.uri-mismatch', { blamed: 'dpop' });
    expect(api.handlerCalls()).toBe(before);
  }

  describe.each<readonly [string, Partial<ResourceServerOptions>]>([
    ['where no proxy is trusted', {}],
    ['where the peer is none of the proxies', { trustedProxies: unlisted }],
  ])('%s', (_where, more) => {
    let api: SenderApi;
    beforeAll(async () => {
      api = await start(more);
    });

    it.each(
      [
        ...claims(foreign),
        ['X-Forwarded-Host: other.example'],
        ['X-Forwarded-Proto: https', 'X-Forwarded-Host: other.example', 'X-Forwarded-For: 10.0.0.5'],
        ['X-Forwarded-Server: other.example', 'X-Forwarded-Port: 443', 'X-Original-Host: other.example'],
        ['Forwarded: for=10.0.0.5;by=10.0.0.5;proto=https;host=other.example'],
      ].map((lines) => [lines]),
    )('[rfc9700-4.13-forwarded-headers] they do not make a foreign URI match: %j', async (lines) => {
      await expectWrongUri(api, foreign, lines);
      await expectPasses(api, own, lines);
    });

    it('[rfc9700-4.13-forwarded-headers] they do not make http of https', async () => {
      await expectWrongUri(api, 'http://api.example', [
        'X-Forwarded-Proto: http',
        'X-Forwarded-Host: api.example',
      ]);
    });
  });

  describe('where the peer is a trusted proxy', () => {
    let api: SenderApi;
    beforeAll(async () => {
      api = await start({ trustedProxies: listed });
    });

    it.each(claims('https://public.example:8443').map((lines) => [lines]))(
      '[rfc9700-4.13-forwarded-headers] they say which origin it is: %j',
      async (lines) => {
        await expectPasses(api, 'https://public.example:8443', lines);
        await expectWrongUri(api, own, lines);
        await expectWrongUri(api, 'https://public.example', lines);
      },
    );

    it('[rfc9700-4.13-forwarded-headers] the origin of the audience counts where they say nothing', async () => {
      await expectPasses(api, own, []);
      await expectPasses(api, own, ['X-Forwarded-For: 192.0.2.1']);
      await expectWrongUri(api, foreign, []);
    });

    it.each(
      [
        // The proxy that these come through adds its own line, or hands on a header that it does not know.
        ['X-Forwarded-Proto: https', 'X-Forwarded-Host: other.example', 'X-Forwarded-Host: api.example'],
        ['X-Forwarded-Proto: https', 'X-Forwarded-Host: other.example, api.example'],
        ['X-Forwarded-Proto: https, http', 'X-Forwarded-Host: other.example'],
        ['Forwarded: proto=https;host=other.example', 'Forwarded: proto=https;host=api.example'],
        ['Forwarded: proto=https;host=other.example, for=10.0.0.5;proto=https;host=api.example'],
        [
          'Forwarded: proto=https;host=other.example',
          'X-Forwarded-Proto: https',
          'X-Forwarded-Host: api.example',
        ],
        ['Forwarded: proto=https;host=other.example', 'X-Forwarded-Proto: https'],
        ['X-Forwarded-Host: other.example', 'X-Forwarded-Port: 443'],
        ['X-Forwarded-Proto: https', 'X-Forwarded-Host: other.example/x#'],
        ['X-Forwarded-Proto: https', 'X-Forwarded-Host: api.example@other.example'],
      ].map((lines) => [lines]),
    )('[rfc9700-4.13-forwarded-headers] what is not clear does not count: %j', async (lines) => {
      await expectWrongUri(api, foreign, lines);
      await expectPasses(api, own, lines);
    });
  });

  it.each(claims(foreign).map((lines) => [lines]))(
    '[rfc9700-4.13-forwarded-headers] publicUrl has the last word, also over a trusted proxy: %j',
    async (lines) => {
      const api = await start({ trustedProxies: listed, publicUrl: 'https://public.example' });
      await expectPasses(api, 'https://public.example', lines);
      await expectWrongUri(api, foreign, lines);
      await expectWrongUri(api, own, lines);
    },
  );

  it('[rfc9700-4.13-forwarded-headers] where no address is known, an untrusted peer does not make it known', async () => {
    const audience = 'orders-api';
    const bound = builder.accessToken({ aud: audience, cnf: { jkt: prover.thumbprint } });
    const request = (lines: readonly string[]) => ({
      lines: [
        `Authorization: DPoP ${bound}`,
        `DPoP: ${prover.proof({ url: `${foreign}/orders`, accessToken: bound })}`,
        ...lines,
      ],
    });
    const unknown = await start({ audience, realm: own });
    const trusting = await start({ audience, realm: own, trustedProxies: listed });
    for (const lines of claims(foreign)) {
      expectRefusal(await unknown.send(request(lines)), 'proof.uri-mismatch', { blamed: 'dpop' });
      expect((await trusting.send(request(lines))).status).toBe(200);
    }
    expectRefusal(await trusting.send(request([])), 'proof.uri-mismatch', { blamed: 'dpop' });
    expect(unknown.handlerCalls()).toBe(0);
  });
});
