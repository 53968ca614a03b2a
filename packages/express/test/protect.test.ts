import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer, isAssayError, SetupError } from '@assay/core';
import { principalOf, protect, requireAnyScope, requireAudience, requireScope } from '@assay/express';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import express5, { type Express, type NextFunction, type Request, type Response } from 'express';
import express4 from 'express4';
import request from 'supertest';

const versions: readonly (readonly [string, () => Express])[] = [
  ['Express 5', express5],
  ['Express 4', express4],
];

describe.each(versions)('%s', (_version, express) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer();
  });
  afterAll(() => issuer.close());
  afterEach(() => {
    issuer.behave('properly');
  });

  const bearer = (claims?: Record<string, unknown>) => `Bearer ${issuer.accessToken(claims)}`;

  const challengeOf = (response: request.Response) => response.headers['www-authenticate'] as string;

  function ordersApp(): Express {
    const app = express();
    app.use(protect(issuer.options));
    app.get('/orders', requireScope('orders:read'), (req, res) => {
      res.json({ for: principalOf(req).subject });
    });
    app.get('/reports', requireAnyScope('reports:read', 'admin'), (_req, res) => {
      res.json({ ok: true });
    });
    return app;
  }

  describe('protect', () => {
    it('lets a request with a valid token through to the handler, which finds the principal', async () => {
      const response = await request(ordersApp())
        .get('/orders')
        .set('Authorization', bearer({ scope: 'orders:read' }));
      expect(response.status).toBe(200);
      expect(response.body).toEqual({ for: 'user-1' });
    });

    it('answers a request without a token with a challenge that has no error', async () => {
      const response = await request(ordersApp()).get('/orders');
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toBe('Bearer realm="https://api.example"');
      expect(response.headers['cache-control']).toBe('no-store');
      expect(response.body).toEqual({ error_description: 'An access token is required.' });
    });

    it('answers a token for another audience with 401 invalid_token', async () => {
      const response = await request(ordersApp())
        .get('/orders')
        .set('Authorization', bearer({ aud: 'https://other.example' }));
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('error="invalid_token"');
    });

    it('answers 503 with Retry-After and without a challenge when the keys cannot be had', async () => {
      issuer.behave({ status: 500 });
      const response = await request(ordersApp()).get('/orders').set('Authorization', bearer());
      expect(response.status).toBe(503);
      expect(Number(response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(response.headers['www-authenticate']).toBeUndefined();
      expect(response.body).toMatchObject({ error: 'temporarily_unavailable' });
    });

    it('judges a request once when the same resource server protects app and router', async () => {
      const resourceServer = createResourceServer(issuer.options);
      let judged = 0;
      const counted = {
        ...resourceServer,
        authenticate: (...args: Parameters<typeof resourceServer.authenticate>) => {
          judged += 1;
          return resourceServer.authenticate(...args);
        },
      };
      const app = express();
      app.use(protect(counted));
      app.get('/orders', protect(counted), (_req, res) => {
        res.json({});
      });
      await request(app).get('/orders').set('Authorization', bearer()).expect(200);
      expect(judged).toBe(1);
    });

    it('lets a router inside a protected app demand another audience', async () => {
      const inner = protect({ ...issuer.options, audience: 'https://inner.example' });
      const app = express();
      app.use(protect(issuer.options));
      app.get('/inner', inner, (_req, res) => {
        res.json({});
      });
      const response = await request(app).get('/inner').set('Authorization', bearer());
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('realm="https://inner.example"');
    });

    it.each(['OPTIONS', 'HEAD', 'TRACE', 'PUT'])('demands a token of %s as well', async (method) => {
      const server = createServer(ordersApp()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const headers = { 'X-HTTP-Method-Override': 'GET', connection: 'close' };
      const sent = sendRequest({ port, host: '127.0.0.1', path: '/orders', method, headers }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      response.resume();
      server.close();
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="https://api.example"',
      ]);
    });

    it('refuses at start what cannot be right', () => {
      expect(() => protect({ ...issuer.options, audience: '' })).toThrow(SetupError);
      expect(() => protect({ ...issuer.options, onFailure: 'ignore' as 'next' })).toThrow(
        'onFailure: there is no such value. Use answer or next.',
      );
      expect(() => protect({ ...issuer.options, audiance: 'x' } as never)).toThrow('Did you mean audience?');
    });
  });

  describe("protect with authentication: 'optional'", () => {
    function optionalApp(): Express {
      const app = express();
      app.use(protect({ ...issuer.options, authentication: 'optional' }));
      app.get('/', (req, res) => {
        res.json({ for: req.principal?.subject ?? 'anonymous' });
      });
      app.get('/orders', requireScope('orders:read'), (_req, res) => {
        res.json({});
      });
      return app;
    }

    it('passes a request without a token as anonymous', async () => {
      const response = await request(optionalApp()).get('/').expect(200);
      expect(response.body).toEqual({ for: 'anonymous' });
    });

    it('passes a request with a good token as its principal', async () => {
      const response = await request(optionalApp()).get('/').set('Authorization', bearer()).expect(200);
      expect(response.body).toEqual({ for: 'user-1' });
    });

    it('refuses a bad token', async () => {
      const response = await request(optionalApp())
        .get('/')
        .set('Authorization', bearer({ exp: 1 }));
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toContain('error="invalid_token"');
    });

    it('answers 503 when the token cannot be judged', async () => {
      issuer.behave({ status: 500 });
      await request(optionalApp()).get('/').set('Authorization', bearer()).expect(503);
    });

    it('asks an anonymous request for a token where a scope is required', async () => {
      const response = await request(optionalApp()).get('/orders');
      expect(response.status).toBe(401);
      expect(challengeOf(response)).toBe('Bearer realm="https://api.example"');
    });
  });

  describe("protect with onFailure: 'next'", () => {
    it('hands the error on with status and headers, and keeps the challenge for a handler that writes its own body', async () => {
      const seen: unknown[] = [];
      const app = express();
      app.use(protect({ ...issuer.options, onFailure: 'next' }));
      app.use(
        (error: { status: number; headers: unknown }, _req: Request, res: Response, _next: NextFunction) => {
          seen.push(error);
          res.status(error.status).json({ mine: true });
        },
      );
      const response = await request(app)
        .get('/')
        .set('Authorization', bearer({ exp: 1 }));
      expect(response.status).toBe(401);
      expect(response.body).toEqual({ mine: true });
      expect(challengeOf(response)).toContain('error="invalid_token"');
      expect(isAssayError(seen[0], 'token.expired')).toBe(true);
      expect(seen[0]).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': challengeOf(response) } });
    });

    it('goes for requirements too', async () => {
      const app = express();
      app.use(protect({ ...issuer.options, onFailure: 'next' }));
      app.get('/', requireScope('orders:read'), (_req, res) => {
        res.json({});
      });
      app.use((error: { status: number }, _req: Request, res: Response, _next: NextFunction) => {
        res.status(error.status).json({ mine: true });
      });
      const response = await request(app).get('/').set('Authorization', bearer());
      expect([response.status, response.body]).toEqual([403, { mine: true }]);
    });
  });

  describe('requireScope', () => {
    it('answers a missing scope with 403 and names all that are required', async () => {
      const app = express();
      app.get('/', protect(issuer.options), requireScope('a', 'b'), (_req, res) => {
        res.json({});
      });
      const response = await request(app)
        .get('/')
        .set('Authorization', bearer({ scope: 'a' }));
      expect(response.status).toBe(403);
      expect(challengeOf(response)).toBe(
        'Bearer realm="https://api.example", error="insufficient_scope", ' +
          'error_description="The token does not grant the required scope.", scope="a b"',
      );
      await request(app)
        .get('/')
        .set('Authorization', bearer({ scope: 'b a' }))
        .expect(200);
    });

    it('keeps the scopes to itself where they are not disclosed', async () => {
      const app = express();
      app.get(
        '/',
        protect(issuer.options),
        requireScope(['secret:scope'], { disclosed: false }),
        (_req, res) => {
          res.json({});
        },
      );
      const response = await request(app).get('/').set('Authorization', bearer());
      expect(response.status).toBe(403);
      expect(JSON.stringify([response.headers, response.body])).not.toContain('secret:scope');
    });

    it('refuses every request and warns the operator where no protect runs before it', async () => {
      const app = express();
      app.get('/orders/:id', requireScope('orders:read'), (_req, res) => {
        res.json({});
      });
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const response = await request(app)
        .get('/orders/7')
        .set('Authorization', bearer({ scope: 'orders:read' }));
      expect(response.status).toBe(500);
      expect(response.body).toMatchObject({ error: 'server_error' });
      await request(app).get('/orders/8').expect(500);
      expect(warn.mock.calls).toEqual([
        [
          expect.stringContaining('GET /orders/:id requires scope orders:read but no protect()'),
          { code: 'ASSAY_ROUTE_UNPROTECTED' },
        ],
      ]);
      warn.mockRestore();
    });

    it('is not fooled by a principal that other code puts on the request', async () => {
      const app = express();
      app.use((req, _res, next) => {
        Object.assign(req, { principal: { scopes: ['orders:read'], hasScope: () => true } });
        next();
      });
      app.get('/', requireScope('orders:read'), (_req, res) => {
        res.json({});
      });
      await request(app).get('/').expect(500);
    });

    it.each([
      ['nothing', []],
      ['an empty list', [[]]],
      ['two scopes in one text', ['a b']],
      ['a scope with a quote', ['a"b']],
    ])('refuses %s at start', (_name, args) => {
      expect(() => requireScope(...(args as string[]))).toThrow(SetupError);
    });
  });

  describe('requireAnyScope', () => {
    it('is met by one of the scopes', async () => {
      await request(ordersApp())
        .get('/reports')
        .set('Authorization', bearer({ scope: 'admin' }))
        .expect(200);
      const refused = await request(ordersApp())
        .get('/reports')
        .set('Authorization', bearer({ scope: 'administrator' }));
      expect(refused.status).toBe(403);
      expect(challengeOf(refused)).toContain('scope="reports:read admin"');
    });
  });

  describe('requireAudience', () => {
    function twoAudiences(member: string): Express {
      const app = express();
      app.use(protect({ ...issuer.options, audience: ['https://api.example', 'urn:example:admin'] }));
      app.get('/', requireAudience(member), (_req, res) => {
        res.json({});
      });
      return app;
    }

    it('narrows to one of the audiences', async () => {
      const app = twoAudiences('urn:example:admin');
      await request(app)
        .get('/')
        .set('Authorization', bearer({ aud: 'urn:example:admin' }))
        .expect(200);
      const refused = await request(app).get('/').set('Authorization', bearer());
      expect(refused.status).toBe(401);
      expect(challengeOf(refused)).toContain('error="invalid_token"');
    });

    it('refuses every token where the audience is not one of the resource server', async () => {
      const refused = await request(twoAudiences('https://elsewhere.example'))
        .get('/')
        .set('Authorization', bearer({ aud: ['https://api.example', 'https://elsewhere.example'] }));
      expect(refused.status).toBe(401);
      expect(challengeOf(refused)).toContain('error="invalid_token"');
    });
  });

  describe('principalOf', () => {
    it('throws, naming the route, where nobody has judged the request', async () => {
      const app = express();
      app.get('/orders/:id', (req, res) => {
        res.json({ for: principalOf(req).subject });
      });
      const errors: Error[] = [];
      app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
        errors.push(error);
        res.status(500).json({});
      });
      await request(app).get('/orders/7').expect(500);
      expect(errors[0]).toBeInstanceOf(SetupError);
      expect(errors[0]?.message).toContain('GET /orders/:id: the request has no principal');
    });
  });

  it('sets no property that Node or Express sets already', async () => {
    const names: string[] = [];
    const app = express();
    app.use((req, _res, next) => {
      const before = new Set(namesOf(req));
      protect(issuer.options)(req, _res, (error?: unknown) => {
        names.push(...namesOf(req).filter((name) => !before.has(name)));
        next(error);
      });
    });
    app.use((_req, res) => {
      res.json({});
    });
    await request(app).get('/').set('Authorization', bearer()).expect(200);
    expect(names).toEqual(['principal', 'Symbol(assay.authentication)']);
  });
});

/** Every name that an object answers to, its prototypes' included. */
function namesOf(object: object): string[] {
  const names: string[] = [];
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    names.push(...Reflect.ownKeys(at).map(String));
  }
  return names;
}
