import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createResourceServer, type AssayError, type ResourceServer } from '@assay/core';
import { createTestIssuer, createTokenBuilder, fixedClock, hostileRequests } from '@assay/testing';
import type { TestIssuer } from '@assay/testing';
import { errorIn, send, startProtectedApp, textOf, type ProtectedApp } from './support/protected-app.js';
import { secretsOf } from './support/secrets-of.js';

const clock = fixedClock(1_800_000_000);
const scopes = ['orders:read', 'orders:write'];

let issuer: TestIssuer;
let api: ResourceServer;
beforeAll(async () => {
  issuer = await createTestIssuer({ clock });
  api = createResourceServer(issuer.options);
});
afterAll(() => issuer.close());

const battery = hostileRequests(() => issuer, { scope: scopes.join(' ') });

/** The rows that the requests and attacks.test.ts meet whole; of the others they meet a part. */
const rowsMetWhole = [
  'attack-01-alg-confusion-rs-hs-with',
  'attack-02-none-missing-signature-case-variants',
  'attack-05-embedded-keys-urls-in-header',
  'attack-06-kid-injection',
  'attack-10-iss-sub-jti-aud-of',
  'attack-12-audience-not-checked',
  'attack-13-id-token-logout-token-proof',
  'attack-14-crit-ignored',
  'attack-15-token-without-exp-far-exp',
  'attack-19-input-size-and-splitting',
  'attack-20-redos-in-configured-patterns',
  'attack-21-prototype-pollution-via-claims',
  'attack-22-duplicate-json-members',
  'attack-23-non-canonical-base64url-signature-malleability',
  'attack-24-psychic-signatures',
  'attack-32-scope-api-footguns',
  'attack-33-challenge-injection-leakage',
];
const titled = battery.map(
  (hostile) =>
    [rowsMetWhole.includes(hostile.spec) ? `[${hostile.spec}]` : `(${hostile.spec})`, hostile] as const,
);

describe('hostileRequests', () => {
  it('has a name of its own for each request', () => {
    expect(new Set(battery.map(({ name }) => name)).size).toBe(battery.length);
  });

  it('attacks scopes only where some are required', () => {
    expect(hostileRequests(issuer).filter(({ status }) => status === 403)).toEqual([]);
    expect(battery.filter(({ status }) => status === 403)).not.toEqual([]);
  });

  it('makes each request once, so that it can be looked for in the answer', () => {
    for (const hostile of battery) expect(hostile.headers).toBe(hostile.headers);
  });
});

describe('a route protected with the defaults, under the battery', () => {
  let answering: ProtectedApp;
  let passingOn: ProtectedApp;
  let optional: ProtectedApp;
  beforeAll(async () => {
    answering = await startProtectedApp(api, { scopes });
    passingOn = await startProtectedApp(api, { scopes, onFailure: 'next' });
    optional = await startProtectedApp(api, { authentication: 'optional' });
  });
  afterAll(() => {
    for (const { server } of [answering, passingOn, optional]) server.close();
  });

  it('lets the token pass that the battery starts from', async () => {
    const token = issuer.accessToken({ scope: scopes.join(' ') });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await send(answering, { headers });
    expect([answer.status, answer.body]).toEqual([200, { for: 'user-1' }]);
    expect(answering.handlerCalls()).toBe(1);
  });

  it.each(titled)('%s refuses: $name', async (_row, hostile) => {
    const before = answering.handlerCalls();
    const answer = await send(answering, hostile);
    expect([answer.status, errorIn(answer)]).toEqual([hostile.status, hostile.error]);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="https:\/\/api\.example"[^\r\n]*$/);
    expect(answering.handlerCalls()).toBe(before);
    for (const secret of secretsOf(hostile)) expect(textOf(answer)).not.toContain(secret);
  });

  it.each(battery)('tells the application its code: $name', async (hostile) => {
    const answer = await send(passingOn, hostile);
    expect(answer.status).toBe(hostile.status);
    expect(passingOn.failures.at(-1)?.code).toBe(hostile.failure);
    expect(passingOn.handlerCalls()).toBe(0);
  });

  const badTokens = battery.filter(
    ({ status, failure }) => status !== 403 && failure !== 'request.token-missing',
  );

  it.each(badTokens)(
    '[attack-29-optional-auth-fails-open] refuses where a token is optional: $name',
    async (hostile) => {
      const answer = await send(optional, hostile);
      expect([answer.status, errorIn(answer)]).toEqual([hostile.status, hostile.error]);
      expect(optional.handlerCalls()).toBe(0);
    },
  );

  it('asks the issuer for metadata and keys, and within the budget for the unknown kids', () => {
    // The clock stands still, so that there is one fetch in the budget of unknown kids.
    expect(issuer.requests.filter((path) => path === '/jwks').length).toBeLessThanOrEqual(2);
    expect(issuer.requests.length).toBeLessThanOrEqual(4);
    expect(issuer.requests.filter((path) => path.startsWith('/hostile'))).toEqual([]);
  });
});

describe.each(['RS256', 'PS256', 'ES384', 'ES512', 'EdDSA'] as const)(
  'the battery for an issuer with %s',
  (alg) => {
    it('is refused just the same', async () => {
      const builder = await createTokenBuilder({ alg, clock });
      const { issuer: identifier, audience, jwks: keys } = builder;
      const server = createResourceServer({ issuer: identifier, audience, keys, clock });
      for (const { name, headers, query, failure } of hostileRequests(builder)) {
        const lines = Object.entries(headers).map(([field, line]) => [field, [line]] as const);
        const url = `/orders?${new URLSearchParams(query).toString()}`;
        const caught: unknown = await server
          .authenticate({ method: 'GET', url, headers: Object.fromEntries(lines) })
          .catch((error: unknown) => error);
        expect({ name, code: (caught as AssayError).code }).toEqual({ name, code: failure });
      }
    });
  },
);
