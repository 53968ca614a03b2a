import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  anyScope,
  createResourceServer,
  scope,
  SetupError,
  type AssayError,
  type Jwk,
  type KeyEvent,
  type KeySource,
  type ResourceServerOptions,
  type SharedSecretOption,
} from '@assay/core';
import {
  compactJws,
  createTestIssuer,
  createTokenBuilder,
  fixedClock,
  hostileRequests,
  publicJwk,
  type TestIssuer,
  type TokenBuilder,
} from '@assay/testing';
import request from 'supertest';
import { send, startProtectedApp, type ProtectedApp } from './support/protected-app.js';
import { recordOutput } from './support/record-output.js';
import { secretsIn, secretsOf } from './support/secrets-of.js';

/** What the rows of the attack matrix ask for beside the requests of the battery. */
const clock = fixedClock(1_800_000_000);
const apps: ProtectedApp[] = [];

let builder: TokenBuilder;
let issuer: TestIssuer;
beforeAll(async () => {
  builder = await createTokenBuilder({ clock });
  issuer = await createTestIssuer({ clock });
});
afterAll(async () => {
  for (const { server } of apps) server.close();
  await issuer.close();
});

function optionsFor({ issuer: identifier, audience, jwks: keys }: TokenBuilder): ResourceServerOptions {
  return { issuer: identifier, audience, keys, clock };
}

async function appWith(
  options: ResourceServerOptions,
  settings: Parameters<typeof startProtectedApp>[1] = {},
): Promise<ProtectedApp> {
  const app = await startProtectedApp(createResourceServer(options), settings);
  apps.push(app);
  return app;
}

async function failureOf(options: ResourceServerOptions, token: string): Promise<unknown> {
  const headers = { authorization: [`Bearer ${token}`] };
  const caught: unknown = await createResourceServer(options)
    .authenticate({ method: 'GET', url: '/', headers })
    .catch((error: unknown) => error);
  return (caught as AssayError).code;
}

describe('a verifier whose keys are wrong', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    '[attack-01-alg-confusion-rs-hs-with] refuses symmetric algorithms of an issuer with %s, and looks for no key',
    async (alg) => {
      const fresh = await createTestIssuer({ alg, clock });
      const confusions = hostileRequests(fresh).filter(({ spec }) => spec.startsWith('attack-01'));
      expect(confusions.length).toBeGreaterThan(20);
      for (const { headers } of confusions) {
        const token = headers['authorization']?.slice('Bearer '.length) ?? '';
        expect(await failureOf(fresh.options, token)).toBe('token.algorithm-refused');
      }
      expect(fresh.requests).toEqual([]);
      await fresh.close();
    },
  );

  const noKeys: readonly (readonly [string, unknown])[] = [
    ['null', null],
    ['undefined', undefined],
    ['an empty text', ''],
    ['no bytes', Buffer.alloc(0)],
    ['a list with null', [null]],
    [
      'a list with a key of no bytes',
      [{ kid: undefined, algorithms: new Set(['ES256']), key: Buffer.alloc(0) }],
    ],
    ['true', true],
  ];

  describe.each(noKeys)('a source of keys that answers %s', (_name, answer) => {
    const keys = { find: () => answer, ready: () => Promise.resolve() } as unknown as KeySource;

    it('[attack-02-none-missing-signature-case-variants] verifies neither a token without a signature nor any other', async () => {
      const options = { ...optionsFor(builder), keys };
      expect(await failureOf(options, builder.accessToken())).toBe('token.key-unknown');
      const none = builder.accessToken({}, { header: { alg: 'none' } });
      expect(await failureOf(options, none.slice(0, none.lastIndexOf('.') + 1))).toBe(
        'token.algorithm-refused',
      );
    });

    it('[attack-03-empty-or-zero-length-key] verifies nothing', async () => {
      const options = { ...optionsFor(builder), keys };
      expect(await failureOf(options, builder.accessToken())).toBe('token.key-unknown');
    });
  });

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['an empty text', ''],
    ['an oct JWK with an empty k', { kty: 'oct', k: '' }],
  ])('[attack-03-empty-or-zero-length-key] does not start with %s for a secret', (_name, secret) => {
    const { issuer: identifier, audience } = builder;
    const sharedSecret = secret as SharedSecretOption;
    const options = { issuer: identifier, audience, sharedSecret, algorithms: ['HS256'] as const };
    expect(() => createResourceServer(options)).toThrow(SetupError);
  });

  it.each([
    ['duplicate members', (key: Jwk) => `{"keys":[${JSON.stringify(key)}],"keys":[]}`],
    ['duplicate members in a key', (key: Jwk) => `{"keys":[{"kty":"EC",${JSON.stringify(key).slice(1)}]}`],
  ])('[attack-22-duplicate-json-members] takes no key from a set with %s', async (_name, body) => {
    const key = publicJwk(issuer.key);
    const { port } = new URL(issuer.issuer);
    const options = {
      ...issuer.options,
      keys: { jwksUri: `http://127.0.0.1:${port}/jwks` },
    };
    issuer.behave({ body: body(key) });
    expect(await failureOf(options, issuer.accessToken())).toBe('service.keys-unavailable');
    issuer.behave('properly');
    expect(await failureOf(options, issuer.accessToken())).toBeUndefined();
  });

  it.each([
    ['of a megabyte', () => JSON.stringify({ keys: [], x: 'x'.repeat(2 ** 20) })],
    ['with 10,000 keys', () => JSON.stringify({ keys: Array.from({ length: 10_000 }, () => ({})) })],
  ])('[attack-19-input-size-and-splitting] takes no key from a set %s', async (_name, body) => {
    const options = { ...issuer.options, keys: { jwksUri: `${issuer.issuer}/jwks` } };
    issuer.behave({ body: body() });
    expect(await failureOf(options, issuer.accessToken())).toBe('service.keys-unavailable');
    issuer.behave('properly');
  });
});

describe('tokens that no header can carry', () => {
  it.each([
    ['of a megabyte', () => builder.accessToken({ x: 'x'.repeat(2 ** 20) }), 'token.too-large'],
    ['of 100,000 dots', () => '.'.repeat(100_000), 'token.too-large'],
    [
      'with 10,000 lists inside each other',
      () => {
        const payload = `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)},${JSON.stringify(builder.claims()).slice(1)}`;
        return compactJws({ header: builder.header(), payload, key: builder.key });
      },
      'token.too-large',
    ],
  ])('[attack-19-input-size-and-splitting] are refused: one %s', async (_name, token, code) => {
    expect(await failureOf(optionsFor(builder), token())).toBe(code);
  });
});

describe('options that would let an attack in', () => {
  it('[attack-12-audience-not-checked] are refused: no audience', () => {
    const options = optionsFor(builder);
    const without = { ...options, audience: undefined } as unknown as ResourceServerOptions;
    expect(() => createResourceServer(without)).toThrow(SetupError);
    expect(() => createResourceServer({ ...options, audience: '' })).toThrow(SetupError);
    expect(() => createResourceServer({ ...options, audience: [] })).toThrow(SetupError);
  });

  it('[attack-32-scope-api-footguns] are refused: no scopes, and scopes that are none', () => {
    expect(() => scope()).toThrow(SetupError);
    expect(() => anyScope([])).toThrow(SetupError);
    expect(() => scope('orders:read orders:write')).toThrow(SetupError);
    expect(() => scope('')).toThrow(SetupError);
  });
});

describe('a token at the edge', () => {
  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])(
    '[attack-13-id-token-logout-token-proof] is accepted with typ %s',
    async (typ) => {
      expect(
        await failureOf(optionsFor(builder), builder.accessToken({}, { header: { typ } })),
      ).toBeUndefined();
    },
  );

  it.each([
    ['a lifetime of an hour', 3600, undefined],
    ['a second more', 3601, 'token.lifetime-excessive'],
    ['ten years', 10 * 365 * 86_400, 'token.lifetime-excessive'],
  ])(
    '[attack-15-token-without-exp-far-exp] is held to a longest lifetime of an hour: %s',
    async (_name, seconds, code) => {
      const options = { ...optionsFor(builder), leewaySeconds: 0, maximumTokenLifetimeSeconds: 3600 };
      const iat = clock.nowSeconds();
      expect(await failureOf(options, builder.accessToken({ iat, exp: iat + seconds }))).toBe(code);
    },
  );

  it.each([
    ['nbf', 10, undefined],
    ['nbf', 11, 'token.not-yet-valid'],
    ['iat', 10, undefined],
    ['iat', 11, 'token.not-yet-valid'],
    ['exp', -9, undefined],
    ['exp', -10, 'token.expired'],
  ])(
    '[attack-15-token-without-exp-far-exp] has ten seconds of leeway: %s %p seconds from now',
    async (claim, seconds, code) => {
      const token = builder.accessToken({ [claim]: clock.nowSeconds() + seconds });
      expect(await failureOf(optionsFor(builder), token)).toBe(code);
    },
  );

  it('[attack-21-prototype-pollution-via-claims] changes no prototype by what its claims are called', async () => {
    const members = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
    const payload = `{${members},"x":{${members}},${JSON.stringify(builder.claims()).slice(1)}`;
    const token = compactJws({ header: builder.header(), payload, key: builder.key });
    const headers = { authorization: [`Bearer ${token}`] };
    const server = createResourceServer(optionsFor(builder));
    const principal = await server.authenticate({ method: 'GET', url: '/', headers });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((principal.claims as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(principal.claims)).toBe(Object.prototype);
  });
});

describe('a protected Express route', () => {
  it.each(['OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST'])(
    '[attack-30-preflight-method-bypass] asks a %s request for a token',
    async (method) => {
      const app = await appWith(optionsFor(builder));
      const { port } = app.server.address() as AddressInfo;
      const sent = httpRequest({ port, method, path: '/orders' }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      answer.resume();
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="https://api.example"');
      expect(app.handlerCalls()).toBe(0);
    },
  );

  it('[attack-30-preflight-method-bypass] asks a HEAD request for a token', async () => {
    const app = await appWith(optionsFor(builder));
    await request(app.server)
      .head('/orders')
      .expect(401)
      .expect('www-authenticate', /^Bearer realm=/);
    expect(app.handlerCalls()).toBe(0);
  });

  it('[attack-29-optional-auth-fails-open] answers 503 during an outage, also where a token is optional', async () => {
    const down = await createTestIssuer({ clock });
    down.behave({ status: 500 });
    const app = await appWith(down.options, { authentication: 'optional' });
    const answer = await send(app, { headers: { authorization: `Bearer ${down.accessToken()}` } });
    expect(answer.status).toBe(503);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(app.handlerCalls()).toBe(0);
    await down.close();
  });

  it('[attack-35-secrets-in-logs] writes nothing of a token or a key while the whole battery runs', async () => {
    const scopes = ['orders:read'];
    const battery = hostileRequests(issuer, { scope: scopes.join(' ') });
    const events: unknown[] = [];
    const output = recordOutput();
    const onKeyEvent = (event: KeyEvent) => events.push(event);
    const app = await appWith({ ...issuer.options, onKeyEvent }, { scopes, onFailure: 'next' });
    const good = `Bearer ${issuer.accessToken({ scope: 'orders:read' })}`;
    try {
      await send(app, { headers: { authorization: good } });
      for (const hostile of battery) await send(app, hostile);
    } finally {
      output.stop();
    }
    expect(app.failures).toHaveLength(battery.length);
    expect(events).not.toEqual([]);
    const told = [
      output.text(),
      inspect([events, app.failures], { depth: 20 }),
      JSON.stringify(app.failures),
    ].join();
    const secrets = [...secretsIn(good), ...battery.flatMap(secretsOf), ...keyMaterialOf(issuer.key)];
    expect(secrets.length).toBeGreaterThan(battery.length);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  });
});

it('[attack-25-hmac-check-faults-in-old] has neither jsonwebtoken nor jws among all that is installed', () => {
  const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, unknown>;
  };
  const installed = Object.keys(lockfile.packages);
  expect(installed).toContain('node_modules/jose');
  expect(installed.filter((path) => /(^|\/)node_modules\/(jsonwebtoken|jws)$/.test(path))).toEqual([]);
});

function keyMaterialOf(key: Jwk): readonly string[] {
  return ['d', 'x', 'y'].map((member) => String(key[member]));
}
