import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createAccessTokenVerifier, SetupError, type SingleUseStore } from '@assay/core';
import { jwtBearerGrantType } from '@assay/core/authorization-server';
import {
  authorizationServerMetadata,
  jwks,
  tokenErrors,
  tokenRequest,
  tokenRequestOf,
} from '@assay/express/authorization-server';
import express from 'express';
import * as oauth from 'oauth4webapi';
import { resource, startApp, versions, type ExpressFactory, type RunningApp } from './support/running-app.js';

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;

/** Everything that a refusal at the token endpoint has to be. */
async function expectRefusal(response: Response, status: number, error: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await json(response)).toEqual({ error, error_description: expect.any(String) });
}

describe.each(versions)('the token endpoint on %s', (_version, factory: ExpressFactory) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp(factory, (routes, server) => {
      // As Express 4 needs it; Express 5 hands rejections on by itself, which another test below relies on.
      routes.all('/token', tokenRequest(server), (request, response, next) => {
        server.issueAccessToken(tokenRequestOf(request)).then((body) => response.json(body), next);
      });
      routes.use(authorizationServerMetadata(server), jwks(server));
    });
  });
  afterAll(() => app.close());

  it('issues a token that verifies through discovery', async () => {
    const response = await app.grant();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    const body = await json(response);
    const { issuer } = app;
    const verifier = createAccessTokenVerifier({ issuer, audience: resource, allowInsecureLoopback: true });
    const { claims } = await verifier.verify(body['access_token'] as string);
    expect(claims).toMatchObject({ iss: issuer, sub: 'robot-1', client_id: 'partner-client', aud: resource });
  });

  it.each(['GET', 'PUT', 'HEAD', 'DELETE'])('[rfc6749-3.2-post-only] refuses %s', async (method) => {
    const query = new URLSearchParams({ grant_type: jwtBearerGrantType, assertion: app.assertion() });
    const response = await fetch(`${app.origin}/token?${query.toString()}`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await response.text()).not.toContain('access_token');
  });

  it.each(['application/json', 'text/plain', 'multipart/form-data'])(
    '[rfc6749-3.2-content-type] refuses %s',
    async (type) => {
      const body = new URLSearchParams({ grant_type: jwtBearerGrantType, assertion: app.assertion() });
      const response = await app.grant({}, { body: body.toString(), headers: { 'content-type': type } });
      await expectRefusal(response, 400, 'invalid_request');
    },
  );

  it('[rfc6749-3.2-repeated-parameter] sees a repeated parameter in the bytes', async () => {
    const body = new URLSearchParams([
      ['grant_type', jwtBearerGrantType],
      ['assertion', app.assertion()],
      ['scope', 'orders:read'],
      ['scope', 'orders:read'],
    ]);
    await expectRefusal(await app.grant({}, { body }), 400, 'invalid_request');
  });

  it('[rfc7523-2.1-grant-assertion-required] refuses a form without an assertion', async () => {
    await expectRefusal(await app.grant({ assertion: '' }), 400, 'invalid_request');
  });

  it('[rfc7523-3.1-grant-error-code] answers bad evidence with 400 and not with 401', async () => {
    const response = await app.grant({ assertion: app.assertion({ iss: 'stranger' }) });
    expect(response.headers.get('www-authenticate')).toBeNull();
    await expectRefusal(response, 400, 'invalid_grant');
  });

  it('[rfc7523-3.1-grant-credentials-validated] challenges credentials in the header, and uses nothing up', async () => {
    const assertion = app.assertion();
    const headers = { authorization: 'Basic YTpi' };
    const response = await app.grant({ assertion }, { headers });
    expect(response.headers.get('www-authenticate')).toBe(`Basic realm="${app.origin}"`);
    await expectRefusal(response, 401, 'invalid_client');
    expect((await app.grant({ assertion })).status).toBe(200);
  });

  it('refuses a replay', async () => {
    const assertion = app.assertion();
    expect((await app.grant({ assertion })).status).toBe(200);
    await expectRefusal(await app.grant({ assertion }), 400, 'invalid_grant');
  });

  it('gives one token to 20 uses at the same time', async () => {
    const assertion = app.assertion();
    const answers = await Promise.all(Array.from({ length: 20 }, () => app.grant({ assertion })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(400)]);
  });

  it.each([
    ['at the limit', 64 * 1024, 200],
    ['over the limit', 64 * 1024 + 1, 400],
    ['far over the limit', 5 * 1024 * 1024, 400],
  ])('judges a form %s', async (_form, size, status) => {
    const start = new URLSearchParams({
      grant_type: jwtBearerGrantType,
      assertion: app.assertion(),
      foo: '',
    });
    const response = await app.grant(
      {},
      {
        body: start.toString().padEnd(size, 'x'),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      },
    );
    expect(response.status).toBe(status);
    expect((await json(response))['error']).toBe(status === 200 ? undefined : 'invalid_request');
  });

  it('answers a form over the limit without waiting for its end', async () => {
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /token HTTP/1.1\r\nHost: as\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000000\r\n\r\n',
    );
    socket.write('x'.repeat(64 * 1024 + 1));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 [^]*"error":"invalid_request"/);
  });

  it('survives a client that goes away in the middle of the form', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning');
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /token HTTP/1.1\r\nHost: as\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\na=b',
    );
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await once(socket, 'close');
    expect((await app.grant()).status).toBe(200);
    expect(emitWarning).not.toHaveBeenCalled();
    emitWarning.mockRestore();
  });

  it('serves an independent client', async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated to stand out; the server is on loopback
    const insecure = { [oauth.allowInsecureRequests]: true };
    const url = new URL(app.issuer);
    const discovery = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
    const metadata = await oauth.processDiscoveryResponse(url, discovery);
    const client = { client_id: 'partner-client' };
    const request = async (assertion: string) =>
      oauth.processGenericTokenEndpointResponse(
        metadata,
        client,
        await oauth.genericTokenEndpointRequest(
          metadata,
          client,
          oauth.None(),
          jwtBearerGrantType,
          { assertion, scope: 'orders:read', resource },
          insecure,
        ),
      );
    const assertion = app.assertion();
    expect(await request(assertion)).toMatchObject({ token_type: 'bearer', expires_in: 60 });
    await expect(request(assertion)).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });
});

describe('tokenRequest', () => {
  let app: RunningApp | undefined;
  afterEach(() => app?.close());

  it('answers what issueAccessToken refuses in the same route, on Express 5, without an error handler', async () => {
    app = await startApp(express, (routes, server) => {
      routes.post('/token', tokenRequest(server), async (request, response) => {
        response.json(await server.issueAccessToken(tokenRequestOf(request)));
      });
    });
    const assertion = app.assertion();
    expect((await app.grant({ assertion })).status).toBe(200);
    await expectRefusal(await app.grant({ assertion }), 400, 'invalid_grant');
    await expectRefusal(await app.grant({ assertion }), 400, 'invalid_grant');
  });

  it('answers an outage of the store with 503', async () => {
    const reserve: SingleUseStore['reserve'] = () => Promise.reject(new Error('connection lost'));
    app = await startApp(
      express,
      (routes, server) => {
        routes.post('/token', tokenRequest(server), async (request, response) => {
          response.json(await server.issueAccessToken(tokenRequestOf(request)));
        });
      },
      { stores: { singleUse: { reserve } } },
    );
    const response = await app.grant();
    expect(response.headers.get('retry-after')).toBe('5');
    await expectRefusal(response, 503, 'temporarily_unavailable');
  });

  it('works as a middleware of its own, with tokenErrors at the end', async () => {
    app = await startApp(express, (routes, server) => {
      routes.use('/token', tokenRequest(server));
      routes.use('/token', async (request, response) => {
        response.json(await server.issueAccessToken(tokenRequestOf(request)));
      });
      routes.use('/token', tokenErrors(server));
    });
    const assertion = app.assertion();
    expect((await app.grant({ assertion })).status).toBe(200);
    await expectRefusal(await app.grant({ assertion }), 400, 'invalid_grant');
  });

  it('adds nothing to a route that it does not stand in', async () => {
    const seen: unknown[] = [];
    app = await startApp(express, (routes, server) => {
      routes.all('/{*any}', (request, _response, next) => {
        next(
          request.path === '/other' ? new SetupError({ option: 'o', problem: 'p', remedy: 'r' }) : undefined,
        );
      });
      routes.use('/token', tokenRequest(server));
      routes.use('/token', async (request, response) => {
        response.json(await server.issueAccessToken(tokenRequestOf(request)));
      });
      routes.use(((error, _request, response, _next) => {
        seen.push(error);
        response.sendStatus(418);
      }) as express.ErrorRequestHandler);
    });
    expect((await app.grant()).status).toBe(200);
    expect((await fetch(`${app.origin}/other`, { method: 'POST' })).status).toBe(418);
    expect(seen).toHaveLength(1);
  });

  it('leaves the other methods of its path as they were', async () => {
    app = await startApp(express, (routes, server) => {
      routes.post('/token', tokenRequest(server), async (request, response) => {
        response.json(await server.issueAccessToken(tokenRequestOf(request)));
      });
    });
    const allowed = async () =>
      (await fetch(`${app?.origin ?? ''}/token`, { method: 'OPTIONS' })).headers.get('allow');
    expect(await allowed()).toBe('POST');
    expect((await app.grant()).status).toBe(200);
    expect(await allowed()).toBe('POST');
  });

  it('leaves the errors of the application to the application', async () => {
    const seen: unknown[] = [];
    app = await startApp(express, (routes, server) => {
      routes.post('/token', tokenRequest(server), () => {
        throw new TypeError('a bug');
      });
      routes.use(((error, _request, response, _next) => {
        seen.push(error);
        response.sendStatus(500);
      }) as express.ErrorRequestHandler);
    });
    expect((await app.grant()).status).toBe(500);
    expect(seen).toEqual([new TypeError('a bug')]);
  });

  it('lets the application decide about scope and claims', async () => {
    app = await startApp(express, (routes, server) => {
      routes.post('/token', tokenRequest(server), async (request, response) => {
        const options = { scope: ['orders:read'], claims: { tenant: 't1' } };
        response.json(await server.issueAccessToken(tokenRequestOf(request), options));
      });
    });
    const body = await json(await app.grant());
    expect(body['scope']).toBe('orders:read');
    const payload = Buffer.from((body['access_token'] as string).split('.')[1] ?? '', 'base64url');
    expect(JSON.parse(payload.toString())).toMatchObject({ scope: 'orders:read', tenant: 't1' });
  });

  describe.each(versions)('behind a body parser, on %s', (_version, factory) => {
    const handler: (server: Parameters<typeof tokenRequest>[0]) => express.RequestHandler =
      (server) => (request, response, next) => {
        server.issueAccessToken(tokenRequestOf(request)).then((body) => response.json(body), next);
      };

    it('refuses a body whose bytes are gone, and tells the operator why', async () => {
      const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      try {
        app = await startApp(factory, (routes, server) => {
          routes.use(express.urlencoded({ extended: false }));
          routes.post('/token', tokenRequest(server), handler(server));
        });
        const response = await app.grant();
        expect(response.status).toBe(500);
        expect(await json(response)).toEqual({
          error: 'server_error',
          error_description: 'The request could not be judged.',
        });
        expect(emitWarning.mock.calls).toEqual([
          [
            expect.stringMatching(/body parser: .*Mount tokenRequest before.*rawBody/),
            { type: 'AssayWarning' },
          ],
        ]);
      } finally {
        emitWarning.mockRestore();
      }
    });

    it.each([
      ['bytes', (bytes: Buffer) => bytes],
      ['text', (bytes: Buffer) => bytes.toString()],
    ])('goes by rawBody where a parser kept it as %s', async (_form, kept) => {
      app = await startApp(factory, (routes, server) => {
        const verify = (request: object, _response: unknown, bytes: Buffer) => {
          Object.assign(request, { rawBody: kept(bytes) });
        };
        routes.use(express.urlencoded({ extended: false, verify }));
        routes.post('/token', tokenRequest(server), handler(server));
      });
      expect((await app.grant()).status).toBe(200);
      const repeated = new URLSearchParams([
        ['grant_type', jwtBearerGrantType],
        ['assertion', app.assertion()],
        ['scope', 'orders:read'],
        ['scope', 'orders:read'],
      ]);
      await expectRefusal(await app.grant({}, { body: repeated }), 400, 'invalid_request');
    });

    it('reads the form itself behind a parser of another media type', async () => {
      app = await startApp(factory, (routes, server) => {
        routes.use(express.json());
        routes.post('/token', tokenRequest(server), handler(server));
      });
      expect((await app.grant()).status).toBe(200);
    });

    it('tells a client that sends JSON about the media type, whatever has parsed it', async () => {
      app = await startApp(factory, (routes, server) => {
        routes.use(express.json());
        routes.post('/token', tokenRequest(server), handler(server));
      });
      const headers = { 'content-type': 'application/json' };
      await expectRefusal(await app.grant({}, { body: '{}', headers }), 400, 'invalid_request');
    });
  });
});

describe('tokenRequestOf', () => {
  it('throws where nothing was judged', () => {
    const request = express.request;
    expect(() => tokenRequestOf(request)).toThrow(SetupError);
    expect(() => tokenRequestOf(request)).toThrow('Mount tokenRequest(server) before the handler');
  });

  it('cannot be made to return something else by other code', async () => {
    const judged: unknown[] = [];
    const app = await startApp(express, (routes, server) => {
      routes.post('/token', tokenRequest(server), (request, response) => {
        const key = Symbol.for('assay.express.token-request');
        const original = tokenRequestOf(request);
        expect(() => Object.assign(request, { [key]: { scopes: ['everything'] } })).toThrow(TypeError);
        expect(Reflect.deleteProperty(request, key)).toBe(false);
        judged.push(original === tokenRequestOf(request));
        response.end();
      });
    });
    try {
      expect((await app.grant()).status).toBe(200);
      expect(judged).toEqual([true]);
    } finally {
      await app.close();
    }
  });
});
