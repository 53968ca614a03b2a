import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ResourceServerOptions } from '@assay/core';
import {
  createProofBuilder,
  fixedClock,
  publicJwk,
  type ProofBuilder,
  type TokenBuilder,
} from '@assay/testing';
import { expectRefusal } from '../support/expect-refusal.js';
import { baselineBuilder, nowSeconds } from '../support/protected-api.js';
import type { RawAnswer } from '../support/raw-http.js';
import { closeSenderApis, senderPlatforms, startSenderApi, type SenderApi } from '../support/sender-api.js';

const clock = fixedClock(nowSeconds);
let builder: TokenBuilder;
let prover: ProofBuilder;
let settings: ResourceServerOptions;

beforeAll(async () => {
  builder = await baselineBuilder(clock);
  prover = await createProofBuilder({ clock });
  settings = {
    issuer: builder.issuer,
    audience: builder.audience,
    keys: builder.jwks,
    clock,
    leewaySeconds: 0,
  };
});
afterAll(closeSenderApis);

const bearer = (accessToken: string) => ({ lines: [`Authorization: Bearer ${accessToken}`] });
const withProof = (accessToken: string) => {
  const proof = prover.proof({ url: 'https://api.example/orders', accessToken });
  return { lines: [`Authorization: DPoP ${accessToken}`, `DPoP: ${proof}`] };
};

function expectPassed(answer: RawAnswer): void {
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ for: 'user-1' });
}

/** Confirmations that name no method that we can check. */
const unknown: readonly (readonly [string, () => unknown])[] = [
  ['a kid', () => ({ kid: 'x' })],
  ['a jwk', () => ({ jwk: publicJwk(prover.key) })],
  ['a jwe', () => ({ jwe: 'x' })],
  ['a jku', () => ({ jku: 'https://as.example/jwks', kid: 'x' })],
  ['another kind of thumbprint', () => ({ 'x5t#S512': 'x' })],
  ['a method in another case', () => ({ JKT: prover.thumbprint })],
  ['nothing', () => ({})],
];

/** Confirmations that are none. */
const malformed: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a text', 'x'],
  ['a list', [{ jkt: 'x' }]],
  ['a number', 1],
  ['true', true],
  ['false', false],
  ['an empty text', ''],
  ['jkt null', { jkt: null }],
  ['jkt and no text', { jkt: 1 }],
  ['a jkt that is too short', { jkt: 'x' }],
];

describe.each(senderPlatforms)('RFC 7800, confirmations, on %s', (platform) => {
  let api: SenderApi;
  let lenient: SenderApi;
  beforeAll(async () => {
    api = await startSenderApi(platform, settings);
    lenient = await startSenderApi(platform, { ...settings, acceptUnknownConfirmation: true });
  });

  it.each([...unknown, ...malformed.map(([name, cnf]) => [name, () => cnf] as const)])(
    '[rfc7800-3.1-unknown-confirmation] a token is no plain one because its confirmation cannot be checked: %s',
    async (_what, cnf) => {
      const before = api.handlerCalls();
      const token = builder.accessToken({ cnf: cnf() });
      expectRefusal(await api.send(bearer(token)), 'token.confirmation-unverifiable');
      expectRefusal(await api.send(withProof(token)), 'token.confirmation-unverifiable', { blamed: 'dpop' });
      expect(api.handlerCalls()).toBe(before);
    },
  );

  it.each(unknown)(
    '[rfc7800-3.1-unknown-confirmation] a written option accepts it as a plain one: %s',
    async (_what, cnf) => {
      expectPassed(await lenient.send(bearer(builder.accessToken({ cnf: cnf() }))));
    },
  );

  it.each(malformed)(
    '[rfc7800-3.1-unknown-confirmation] no option accepts a confirmation that is none: %s',
    async (_what, cnf) => {
      const answer = await lenient.send(bearer(builder.accessToken({ cnf })));
      expectRefusal(answer, 'token.confirmation-unverifiable');
    },
  );

  it.each([
    ['by default', () => api],
    ['with the option', () => lenient],
  ])(
    '[rfc7800-3.1-unknown-confirmation] members beside a method that was checked do no harm, %s',
    async (_when, which) => {
      for (const beside of [{ 'kc-jkt-type': 'x' }, { kid: 'x' }, { jwk: publicJwk(prover.key) }]) {
        const token = builder.accessToken({ cnf: { jkt: prover.thumbprint, ...beside } });
        expectPassed(await which().send(withProof(token)));
        expectRefusal(await which().send(bearer(token)), 'token.proof-required', {
          challenged: ['bearer', 'dpop'],
        });
        const withoutProof = { lines: [`Authorization: DPoP ${token}`] };
        expectRefusal(await which().send(withoutProof), 'proof.missing', { blamed: 'dpop' });
      }
    },
  );
});
