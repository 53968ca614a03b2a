import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AuthorizationServer } from '@assay/core/authorization-server';
import { authorizationServerMetadata, jwks } from '@assay/express/authorization-server';
import type { Express } from 'express';
import { serverKey, startApp, versions, type RunningApp } from './support/running-app.js';

describe.each(versions)('the documents of an authorization server on %s', (_version, factory) => {
  let app: RunningApp;
  afterEach(() => app.close());

  const mount = (routes: Express, server: AuthorizationServer): void => {
    routes.use(authorizationServerMetadata(server), jwks(server));
  };

  it.each([
    ['without a path', '', '/.well-known/oauth-authorization-server'],
    ['with a path', '/tenant1', '/.well-known/oauth-authorization-server/tenant1'],
  ])('[rfc8414-3-well-known-path] serves the metadata of an issuer %s', async (_form, path, place) => {
    app = await startApp(factory, mount, { path });
    const response = await fetch(`${app.origin}${place}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await response.json()).toMatchObject({
      issuer: app.issuer,
      token_endpoint: `${app.issuer}/token`,
      jwks_uri: `${app.issuer}/jwks`,
    });
  });

  it.each(['POST', 'PUT', 'DELETE'])('[rfc8414-3-well-known-path] refuses %s', async (method) => {
    app = await startApp(factory, mount, { path: '/tenant1' });
    const place = `${app.origin}/.well-known/oauth-authorization-server/tenant1`;
    const response = await fetch(place, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('answers HEAD without a body', async () => {
    app = await startApp(factory, mount);
    const response = await fetch(`${app.origin}/jwks`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/oauth-authorization-server/tenant1/',
    '/.well-known/oauth-authorization-server/tenant2',
    '/tenant1/.well-known/oauth-authorization-server',
    '/jwks',
  ])('passes %s on', async (place) => {
    app = await startApp(factory, mount, { path: '/tenant1' });
    expect((await fetch(`${app.origin}${place}`)).status).toBe(404);
  });

  it('[rfc8414-2-issuer] names the configured issuer, whatever Host says', async () => {
    app = await startApp(factory, mount);
    const url = `${app.origin}/.well-known/oauth-authorization-server`;
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' };
    const [response] = (await once(httpRequest(url, { headers }).end(), 'response')) as [
      AsyncIterable<Buffer>,
    ];
    let body = '';
    for await (const chunk of response) body += chunk.toString();
    expect(JSON.parse(body)).toEqual(app.server.metadata());
    expect(body).not.toContain('evil');
  });

  it('[rfc7517-5-publish-public-only] serves the public keys, to be kept for a while', async () => {
    app = await startApp(factory, mount);
    const response = await fetch(`${app.origin}/jwks`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { kty, n, e, kid } = serverKey;
    expect(await response.json()).toEqual({ keys: [{ kty, n, e, kid, alg: 'RS256', use: 'sig' }] });
  });

  it('serves the key set at the path of a jwks_uri elsewhere', async () => {
    app = await startApp(factory, mount, { jwksUri: 'https://cdn.example/keys/v1.json?x=1' });
    expect((await fetch(`${app.origin}/keys/v1.json`)).status).toBe(200);
  });
});
