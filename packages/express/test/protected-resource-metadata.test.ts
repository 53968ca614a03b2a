import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createResourceServer,
  generateSigningJwk,
  SetupError,
  type RemoteSigningKey,
  type ResourceServerOptions,
} from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import express, { type Express } from 'express';
import { protect, protectedResourceMetadata, requireAudience, requireScope } from '../src/index.js';

const first = 'https://api.example/v1';
const second = 'https://api.example/v2';
const metadataOf = (version: string) => `https://api.example/.well-known/oauth-protected-resource/${version}`;

let builder: TokenBuilder;
let server: Server | undefined;

beforeAll(async () => {
  builder = await createTokenBuilder({ audience: first });
});
afterEach(async () => {
  if (server === undefined) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  server = undefined;
});

function resourceServer(options: Partial<ResourceServerOptions> = {}) {
  const { issuer, jwks: keys } = builder;
  return createResourceServer({ issuer, audience: [first, second], keys, metadata: {}, ...options });
}

async function serve(app: Express): Promise<string> {
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

function pointer({ headers }: Response): string | undefined {
  return /resource_metadata="([^"]+)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
}

describe('protectedResourceMetadata', () => {
  it('is not made for a resource server that publishes nothing', () => {
    const { issuer, jwks: keys } = builder;
    const silent = createResourceServer({ issuer, audience: first, keys });
    expect(() => protectedResourceMetadata(silent)).toThrow(SetupError);
    expect(() => protectedResourceMetadata(silent)).toThrow(
      /^metadata: the resource server publishes none\./,
    );
  });

  it.each(['/', '/.well-known', '/.well-known/oauth-protected-resource'])(
    'serves the same documents where it is mounted at %s',
    async (mount) => {
      const app = express();
      app.use(mount, protectedResourceMetadata(resourceServer()));
      const origin = await serve(app);
      const response = await fetch(`${origin}/.well-known/oauth-protected-resource/v2`);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ resource: second });
    },
  );

  it('is not asked where it is mounted at a path of its own', async () => {
    const app = express();
    app.use('/api', protectedResourceMetadata(resourceServer()));
    const origin = await serve(app);
    const responses = await Promise.all(
      ['', '/api'].map((path) => fetch(`${origin}${path}/.well-known/oauth-protected-resource/v1`)),
    );
    expect(responses.map(({ status }) => status)).toEqual([404, 404]);
  });

  it('does what it does whatever Express is told about JSON', async () => {
    const app = express();
    app.set('json spaces', 4);
    app.set('json replacer', () => 'replaced');
    const api = resourceServer();
    app.use(protectedResourceMetadata(api));
    const response = await fetch(`${await serve(app)}/.well-known/oauth-protected-resource/v1`);
    expect(await response.text()).toBe(JSON.stringify(api.metadata(first)));
  });

  it('answers 503 while nothing signs, and tells when to come back', async () => {
    const { key } = builder;
    const remote: RemoteSigningKey = {
      alg: 'ES256',
      kid: 'kms-1',
      sign: () => Promise.reject(new Error('the KMS is away')),
      publicJwk: builder.jwks.keys[0] ?? key,
    };
    const app = express();
    app.use(protectedResourceMetadata(resourceServer({ metadata: { sign: { keys: [remote] } } })));
    const response = await fetch(`${await serve(app)}/.well-known/oauth-protected-resource/v1`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).not.toContain('KMS');
  });

  it('hands a key that cannot sign to the error handler, and ready tells before', async () => {
    const api = resourceServer({ metadata: { sign: { keys: ['-----BEGIN NOTHING-----'] } } });
    await expect(api.ready()).rejects.toMatchObject({ name: 'SetupError', option: 'metadata.sign.keys[0]' });
    const app = express();
    app.use(protectedResourceMetadata(api));
    app.use(((_error, _request, response, _next) => {
      response.status(500).end();
    }) as express.ErrorRequestHandler);
    const response = await fetch(`${await serve(app)}/.well-known/oauth-protected-resource/v1`);
    expect(response.status).toBe(500);
  });

  it('signs anew once half of the time has gone', async () => {
    const clock = fixedClock(1_800_000_000);
    const keys = [await generateSigningJwk('ES256')];
    const metadata = { cacheSeconds: 30, sign: { keys, lifetimeSeconds: 100 } };
    const app = express();
    app.use(protectedResourceMetadata(resourceServer({ clock, metadata })));
    const origin = await serve(app);
    const signed = async () => {
      const response = await fetch(`${origin}/.well-known/oauth-protected-resource/v1`);
      return ((await response.json()) as { signed_metadata: string }).signed_metadata;
    };
    const made = await signed();
    clock.advanceSeconds(49);
    expect(await signed()).toBe(made);
    clock.advanceSeconds(1);
    const renewed = await signed();
    expect(JSON.parse(Buffer.from(renewed.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      iat: 1_800_000_050,
      exp: 1_800_000_150,
    });
  });
});

describe('a challenge', () => {
  it('points to the audience of the route, where a caller is anonymous', async () => {
    const app = express();
    app.use(protect(resourceServer(), { authentication: 'optional' }));
    app.get('/narrowed', requireAudience(second), requireScope('orders:read'));
    app.get('/reversed', requireScope('orders:read'), requireAudience(second));
    app.get(['/orders', '/v1/orders'], requireScope('orders:read'));
    const origin = await serve(app);
    const pointers = async (path: string) => {
      const response = await fetch(`${origin}${path}`);
      expect(response.status).toBe(401);
      return pointer(response);
    };
    expect(await pointers('/narrowed')).toBe(metadataOf('v2'));
    expect(await pointers('/reversed')).toBe(metadataOf('v2'));
    expect(await pointers('/v1/orders')).toBe(metadataOf('v1'));
    expect(await pointers('/orders')).toBeUndefined();
  });

  it('points to the audience of the route where a scope is missing', async () => {
    const app = express();
    app.use(protect(resourceServer()));
    app.get('/v1/orders', requireScope('orders:read'), requireAudience(second));
    app.get('/v1/other', requireScope('orders:read'));
    const origin = await serve(app);
    const token = builder.accessToken({ aud: [first, second] });
    const pointers = async (path: string) => {
      const response = await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${token}` } });
      expect(response.status).toBe(403);
      return pointer(response);
    };
    expect(await pointers('/v1/orders')).toBe(metadataOf('v2'));
    expect(await pointers('/v1/other')).toBe(metadataOf('v1'));
  });

  it('points where the public URL says that the request has come from', async () => {
    const app = express();
    app.use(protect(resourceServer({ publicUrl: 'https://api.example/v2' })));
    const response = await fetch(`${await serve(app)}/orders`);
    expect(response.status).toBe(401);
    expect(pointer(response)).toBe(metadataOf('v2'));
  });
});
