// Routers, mounted apps and the order of routes: wherever a handler stands, it is behind what stands before it.
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  createResourceServer,
  failures,
  isAssayError,
  type FailureCode,
  type ResourceServer,
} from '@assay/core';
import { principalOf, protect, requireAnyScope, requireClaim, requireScope } from '@assay/express';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import express5, { type Handler } from 'express';
import express4 from 'express4';
import request from 'supertest';

const realm = 'Bearer realm="https://api.example"';
const challenges = {
  'request.token-missing': realm,
  'token.malformed': `${realm}, error="invalid_token", error_description="The token is malformed."`,
  'token.audience-mismatch': `${realm}, error="invalid_token", error_description="The token is not for this audience."`,
  'scope.insufficient': `${realm}, error="insufficient_scope", error_description="The token does not grant the required scope."`,
  'permission.claim-refused': `${realm}, error="insufficient_scope", error_description="The token does not permit this request."`,
  'service.route-unprotected': undefined,
} as const satisfies Partial<Record<FailureCode, string | undefined>>;

describe.each([
  ['Express 5', express5],
  ['Express 4', express4],
])('routers of %s', (_version, express) => {
  let tokens: TokenBuilder;
  let api: ResourceServer;
  /** The codes of the failures that were answered, and the handlers that were reached. */
  let codes: string[];
  let reached: string[];
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });
  beforeEach(() => {
    codes = [];
    reached = [];
    api = observed(tokens.audience);
    jest.spyOn(process, 'emitWarning').mockReturnValue();
  });
  afterAll(() => {
    jest.restoreAllMocks();
  });

  const observed = (audience: string): ResourceServer => {
    const server = createResourceServer({
      issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
      audience,
    });
    return {
      ...server,
      challenge: (error) => {
        codes.push(isAssayError(error) ? error.code : 'none');
        return server.challenge(error);
      },
    };
  };

  const answer =
    (name: string): Handler =>
    (_req, res) => {
      reached.push(name);
      res.json({ name });
    };

  const send = (app: RequestListener, path: string, claims?: Record<string, unknown>, method = 'get') => {
    const sent = request(app)[method as 'get'](path);
    return claims === undefined ? sent : sent.set('Authorization', `Bearer ${tokens.accessToken(claims)}`);
  };

  const expectRefusal = async (
    sent: ReturnType<typeof send>,
    code: keyof typeof challenges,
    scope?: string,
  ) => {
    const response = await sent;
    const { status, error, description } = failures[code];
    expect(response.status).toBe(status);
    expect(response.headers['www-authenticate']).toBe(
      scope === undefined ? challenges[code] : `${String(challenges[code])}, scope="${scope}"`,
    );
    expect(response.body).toEqual({
      ...(error === undefined ? {} : { error }),
      error_description: description,
    });
    expect(reached).toEqual([]);
    // Without a protect there is no resource server to challenge with.
    expect(codes).toEqual(code === 'service.route-unprotected' ? [] : [code]);
    codes = [];
  };

  const expectReached = async (sent: ReturnType<typeof send>, name: string) => {
    const response = await sent;
    expect([response.status, response.body]).toEqual([200, { name }]);
    expect(reached).toEqual([name]);
    reached = [];
  };

  describe('protect on the app, requirements in nested routers', () => {
    const app = () => {
      const lines = express.Router({ mergeParams: true });
      lines.get('/', requireScope('lines:read'), answer('lines'));
      lines.get(
        '/mine',
        requireClaim('order', (order, { request: asked }) => order === asked.params['order']),
        answer('mine'),
      );
      const orders = express.Router();
      orders.use(requireScope('orders:read'));
      orders.get('/', answer('orders'));
      orders.use('/:order/lines', lines);
      return express().use(protect(api)).use('/shop/orders', orders);
    };

    it('asks for a token at every depth', async () => {
      await expectRefusal(send(app(), '/shop/orders'), 'request.token-missing');
      await expectRefusal(send(app(), '/shop/orders/7/lines'), 'request.token-missing');
      await expectRefusal(send(app(), '/nowhere'), 'request.token-missing');
    });

    it('adds up the requirements on the way', async () => {
      const lines = '/shop/orders/7/lines';
      await expectRefusal(send(app(), lines, { scope: 'lines:read' }), 'scope.insufficient', 'orders:read');
      await expectRefusal(send(app(), lines, { scope: 'orders:read' }), 'scope.insufficient', 'lines:read');
      await expectReached(send(app(), lines, { scope: 'orders:read lines:read' }), 'lines');
      await expectReached(send(app(), '/shop/orders', { scope: 'orders:read' }), 'orders');
    });

    it('compares claims with the parameters of outer routers', async () => {
      const claims = { scope: 'orders:read', order: '7' };
      await expectReached(send(app(), '/shop/orders/7/lines/mine', claims), 'mine');
      await expectRefusal(send(app(), '/shop/orders/8/lines/mine', claims), 'permission.claim-refused');
    });

    it('lets nobody pass where a router does not merge the parameters that a claim is compared with', async () => {
      const inner = express.Router();
      inner.get(
        '/',
        requireClaim('order', (order, { request: asked }) => order === asked.params['order']),
        answer('inner'),
      );
      const unmerged = express().use(protect(api)).use('/:order', inner);
      await expectRefusal(send(unmerged, '/7', { order: '7' }), 'permission.claim-refused');
    });
  });

  describe('protect inside a router only', () => {
    const app = () => {
      const inner = express.Router();
      inner.get('/inner', requireScope('orders:read'), answer('inner'));
      const closed = express.Router();
      closed.get('/before', answer('before'));
      closed.use(protect(api));
      closed.get('/orders', answer('orders'));
      closed.use('/deep', inner);
      const main = express();
      main.get('/open', answer('open'));
      main.use('/closed', closed);
      main.get('/closed/after', answer('after'));
      main.get('/beside', requireScope('orders:read'), answer('beside'));
      return main;
    };

    it('closes what comes after it in the router, and what falls through it', async () => {
      await expectRefusal(send(app(), '/closed/orders'), 'request.token-missing');
      await expectRefusal(send(app(), '/closed/deep/inner'), 'request.token-missing');
      await expectRefusal(send(app(), '/closed/after'), 'request.token-missing');
      await expectReached(send(app(), '/closed/after', {}), 'after');
      await expectRefusal(send(app(), '/closed/deep/inner', {}), 'scope.insufficient', 'orders:read');
      await expectReached(send(app(), '/closed/deep/inner', { scope: 'orders:read' }), 'inner');
    });

    it('leaves open what comes before it, and what is beside the router', async () => {
      await expectReached(send(app(), '/closed/before'), 'before');
      await expectReached(send(app(), '/open'), 'open');
    });

    it('refuses every request to a requirement beside the router, even with a good token', async () => {
      await expectRefusal(send(app(), '/beside'), 'service.route-unprotected');
      await expectRefusal(send(app(), '/beside', { scope: 'orders:read' }), 'service.route-unprotected');
    });
  });

  describe('a requirement without a protect before it', () => {
    const requirement = () => requireScope('orders:read');

    it.each<[string, () => RequestListener]>([
      ['on a route', () => express().get('/orders', requirement(), answer('orders'))],
      ['on the app', () => express().use(requirement()).get('/orders', answer('orders'))],
      [
        'in a router',
        () => express().use('/orders', express.Router().get('/', requirement(), answer('orders'))),
      ],
      [
        'before the protect',
        () => express().use(requirement()).use(protect(api)).get('/orders', answer('orders')),
      ],
      [
        'in a mounted app',
        () => express().use('/orders', express().get('/', requirement(), answer('orders'))),
      ],
      [
        'on a route whose protect stands on another',
        () =>
          express()
            .get('/other', protect(api), answer('other'))
            .get('/orders', requirement(), answer('orders')),
      ],
      [
        'of any scope',
        () => express().get('/orders', requireAnyScope('orders:read', 'admin'), answer('orders')),
      ],
    ])('is a 500, %s', async (_case, make) => {
      const app = make();
      await expectRefusal(send(app, '/orders'), 'service.route-unprotected');
      await expectRefusal(send(app, '/orders', { scope: 'orders:read admin' }), 'service.route-unprotected');
    });

    it('is one where a router is mounted a second time without protect', async () => {
      const orders = express.Router().get('/', requirement(), answer('orders'));
      const app = express().use('/open', orders).use('/closed', protect(api), orders);
      await expectRefusal(send(app, '/open', { scope: 'orders:read' }), 'service.route-unprotected');
      await expectReached(send(app, '/closed', { scope: 'orders:read' }), 'orders');
    });
  });

  describe('the order of routes', () => {
    const app = () =>
      express()
        .get('/early', answer('early'))
        .get('/orders/health', answer('health'))
        .use(protect(api))
        .get('/orders/:id', requireScope('orders:read'), answer('order'))
        .get('/late', answer('late'));

    it('leaves open what stands before protect, and nothing else', async () => {
      await expectReached(send(app(), '/early'), 'early');
      await expectReached(send(app(), '/orders/health'), 'health');
      await expectRefusal(send(app(), '/orders/healthy'), 'request.token-missing');
      await expectRefusal(send(app(), '/late'), 'request.token-missing');
      await expectRefusal(send(app(), '/early', undefined, 'post'), 'request.token-missing');
    });

    it('does not open a route that another one hands on to', async () => {
      const handing = express()
        .get('/orders', (_req, _res, next) => {
          next('route');
        })
        .use(protect(api))
        .get('/orders', answer('orders'));
      await expectRefusal(send(handing, '/orders'), 'request.token-missing');
      await expectReached(send(handing, '/orders', {}), 'orders');
    });

    it('does not open what a router leaves to the app', async () => {
      const leaving = express.Router().use((_req, _res, next) => {
        next('router');
      });
      const main = express().use(leaving).use(protect(api)).get('/orders', answer('orders'));
      await expectRefusal(send(main, '/orders'), 'request.token-missing');
      await expectReached(send(main, '/orders', {}), 'orders');
    });

    it('keeps the methods of one route together', async () => {
      const main = express();
      main
        .route('/orders')
        .all(protect(api))
        .get(requireScope('orders:read'), answer('read'))
        .post(requireScope('orders:write'), answer('write'));
      await expectRefusal(send(main, '/orders'), 'request.token-missing');
      await expectRefusal(send(main, '/orders', undefined, 'post'), 'request.token-missing');
      await expectRefusal(
        send(main, '/orders', { scope: 'orders:read' }, 'post'),
        'scope.insufficient',
        'orders:write',
      );
      await expectReached(send(main, '/orders', { scope: 'orders:write' }, 'post'), 'write');
    });
  });

  describe('mounted apps', () => {
    it('are behind the protect of the app that mounts them', async () => {
      const orders = express().get('/', requireScope('orders:read'), answer('orders'));
      const app = express().use(protect(api)).use('/orders', orders);
      await expectRefusal(send(app, '/orders'), 'request.token-missing');
      await expectRefusal(send(app, '/orders', { scope: 'x' }), 'scope.insufficient', 'orders:read');
      await expectReached(send(app, '/orders', { scope: 'orders:read' }), 'orders');
    });

    it('keep their own protect to themselves', async () => {
      const orders = express().use(protect(api)).get('/', answer('orders'));
      const app = express().use('/orders', orders).get('/open', answer('open'));
      await expectRefusal(send(app, '/orders'), 'request.token-missing');
      await expectReached(send(app, '/orders', {}), 'orders');
      await expectReached(send(app, '/open'), 'open');
    });

    it('find the principal that the app established', async () => {
      const orders = express().get('/', (req, res) => {
        res.json({ subject: principalOf(req).subject, same: principalOf(req) === req.principal });
      });
      const app = express().use(protect(api)).use('/orders', orders);
      const response = await send(app, '/orders', { sub: 'ada' });
      expect([response.status, response.body]).toEqual([200, { subject: 'ada', same: true }]);
    });
  });

  describe('app.param', () => {
    const withParameter = (...before: readonly Handler[]) => {
      const app = express();
      app.param('order', (req, _res, next) => {
        reached.push(req.principal === undefined ? 'loaded for anyone' : 'loaded for the principal');
        next();
      });
      for (const handler of before) app.use(handler);
      return app;
    };

    it('loads nothing for requests that protect on the app refuses', async () => {
      const app = withParameter(protect(api)).get('/orders/:order', answer('order'));
      await expectRefusal(send(app, '/orders/7'), 'request.token-missing');
      await send(app, '/orders/7', {}).expect(200);
      expect(reached).toEqual(['loaded for the principal', 'order']);
    });

    it('comes before a protect on the route itself, which still keeps the handler closed', async () => {
      const app = withParameter().get('/orders/:order', protect(api), answer('order'));
      const response = await send(app, '/orders/7');
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, realm]);
      expect(codes).toEqual(['request.token-missing']);
      expect(reached).toEqual(['loaded for anyone']);
    });
  });

  describe('several resource servers', () => {
    const app = () => {
      const partner = observed('https://partner.example');
      return express()
        .use('/orders', express.Router().use(protect(api)).get('/', answer('orders')))
        .use('/partner', express.Router().use(protect(partner)).get('/', answer('partner')))
        .use('/both', protect(api), protect(partner), answer('both'));
    };

    it('each take their own tokens', async () => {
      await expectReached(send(app(), '/orders', {}), 'orders');
      await expectReached(send(app(), '/partner', { aud: 'https://partner.example' }), 'partner');
      await expectRefusal(
        send(app(), '/orders', { aud: 'https://partner.example' }),
        'token.audience-mismatch',
      );
      const atPartner = await send(app(), '/partner', {});
      expect(atPartner.status).toBe(401);
      expect(atPartner.headers['www-authenticate']).toContain('realm="https://partner.example"');
      expect(codes).toEqual(['token.audience-mismatch']);
    });

    it('each have to be satisfied where they stand one behind the other', async () => {
      expect((await send(app(), '/both', {})).status).toBe(401);
      expect((await send(app(), '/both', { aud: 'https://partner.example' })).status).toBe(401);
      expect(codes).toEqual(['token.audience-mismatch', 'token.audience-mismatch']);
      codes = [];
      const both = { aud: ['https://api.example', 'https://partner.example'] };
      await expectReached(send(app(), '/both', both), 'both');
    });
  });

  it('a router that requires a token asks those whom an optional protect let pass', async () => {
    const closed = express.Router().use(protect(api)).get('/', answer('closed'));
    const app = express()
      .use(protect(api, { authentication: 'optional' }))
      .get('/open', answer('open'))
      .use('/closed', closed);
    await expectReached(send(app, '/open'), 'open');
    await expectRefusal(send(app, '/closed'), 'request.token-missing');
    await expectReached(send(app, '/closed', {}), 'closed');
  });
});
