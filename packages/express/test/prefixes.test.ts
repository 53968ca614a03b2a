// Prefixes: what `protect` is mounted under is closed, however a request writes the path that leads there.
import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createResourceServer, isAssayError, type ResourceServer } from '@assay/core';
import { protect, requireScope } from '@assay/express';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import express5, { type Express } from 'express';
import express4 from 'express4';

const challenge = 'Bearer realm="https://api.example"';

interface Answer {
  readonly status: number | undefined;
  readonly challenge: string | undefined;
}

/** Sends the path as it is written: other clients would tidy it. */
async function send(app: Express, path: string, authorization?: string): Promise<Answer> {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { connection: 'close', ...(authorization === undefined ? {} : { authorization }) };
  const sent = sendRequest({ port, host: '127.0.0.1', path, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  server.close();
  return { status: response.statusCode, challenge: response.headers['www-authenticate'] };
}

const spellings = [
  '/admin/users',
  '/admin/users/',
  '/ADMIN/users',
  '/Admin/Users',
  '/admin//users',
  '//admin/users',
  '/admin/./users',
  '/./admin/users',
  '/open/../admin/users',
  '/admin/users?x=/open',
  '/admin/users#open',
  '/%61dmin/users',
  '/admin%2Fusers',
  '/admin/%75sers',
  '/admin;x=1/users',
  '/admin\\users',
  '/admin/users%00',
  '/admin/users/..;/users',
  'http://api.example/admin/users',
];

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('prefixes of %s', (_version, express) => {
  let tokens: TokenBuilder;
  let api: ResourceServer;
  let codes: string[];
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });
  beforeEach(() => {
    codes = [];
    const server = createResourceServer({
      issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
      audience: tokens.audience,
    });
    api = {
      ...server,
      challenge: (error) => {
        codes.push(isAssayError(error) ? error.code : 'none');
        return server.challenge(error);
      },
    };
  });
  const bearer = (claims: Record<string, unknown> = {}) => `Bearer ${tokens.accessToken(claims)}`;

  const arrangements: readonly (readonly [string, () => Express])[] = [
    [
      'protect at the prefix, the handler on the app',
      () =>
        express()
          .use('/admin', protect(api))
          .get('/admin/users', (_req, res) => {
            res.json({});
          }),
    ],
    [
      'protect and handler in a router at the prefix',
      () => {
        const admin = express.Router().use(protect(api));
        admin.get('/users', (_req, res) => {
          res.json({});
        });
        return express().use('/admin', admin);
      },
    ],
    [
      'protect and handler in an app at the prefix',
      () => {
        const admin = express().use(protect(api));
        admin.get('/users', (_req, res) => {
          res.json({});
        });
        return express().use('/admin', admin);
      },
    ],
    [
      'case-sensitive and strict routing',
      () => {
        const app = express();
        app.set('case sensitive routing', true).set('strict routing', true);
        return app.use('/admin', protect(api)).get('/admin/users', (_req, res) => {
          res.json({});
        });
      },
    ],
  ];

  describe.each(arrangements)('%s', (_case, make) => {
    it.each(spellings)('answers nobody without a token at %s', async (path) => {
      const { status, challenge: challenged } = await send(make(), path);
      // What is no path of the prefix to Express leads to no handler either.
      expect([401, 404]).toContain(status);
      expect([status, challenged, codes]).toEqual(
        status === 401 ? [401, challenge, ['request.token-missing']] : [404, undefined, []],
      );
    });

    it('answers who has a token', async () => {
      expect(await send(make(), '/admin/users', bearer())).toEqual({ status: 200, challenge: undefined });
      expect(codes).toEqual([]);
    });
  });

  it('a prefix of one path does not close another that begins like it', async () => {
    const app = express()
      .use('/admin', protect(api))
      .get('/administrators', (_req, res) => {
        res.json({});
      });
    expect((await send(app, '/administrators')).status).toBe(200);
    expect((await send(app, '/admin')).status).toBe(401);
    expect(codes).toEqual(['request.token-missing']);
  });

  it('requirements at a prefix count for all that is under it, and for nothing beside it', async () => {
    const app = express()
      .use(protect(api))
      .use('/admin', requireScope('admin'))
      .use((_req, res) => {
        res.json({});
      });
    const reader = bearer({ scope: 'orders:read' });
    for (const path of ['/admin', '/admin/', '/ADMIN', '/admin/users/7']) {
      const { status, challenge: challenged } = await send(app, path, reader);
      expect([path, status]).toEqual([path, 403]);
      expect(challenged).toContain('error="insufficient_scope"');
      expect(challenged).toContain('scope="admin"');
    }
    expect(codes).toEqual(Array.from({ length: 4 }, () => 'scope.insufficient'));
    expect((await send(app, '/orders', reader)).status).toBe(200);
    expect((await send(app, '/admin', bearer({ scope: 'admin' }))).status).toBe(200);
  });

  it('prefixes with parameters and expressions close what they match', async () => {
    const app = express()
      .use('/tenants/:tenant/admin', protect(api))
      .use(/^\/v\d+/, protect(api))
      .use(['/one', '/two'], protect(api))
      .use((_req, res) => {
        res.json({});
      });
    for (const path of ['/tenants/7/admin/users', '/v1/orders', '/v22', '/one', '/two/three']) {
      expect([path, await send(app, path)]).toEqual([path, { status: 401, challenge }]);
    }
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'request.token-missing'));
    for (const path of ['/tenants/7', '/version', '/three']) {
      expect([path, (await send(app, path)).status]).toEqual([path, 200]);
    }
  });
});
