import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Controller, Get, Logger, Module, VersioningType, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError, createResourceServer, type ResourceServerOptions } from '@assay/core';
import { protect } from '@assay/express';
import { AssayModule } from '@assay/nest';
import { Router, type RequestHandler } from 'express';
import {
  dpopLines,
  expectProofRefused,
  expectProven,
  origin,
  startDpopApi,
  type DpopApi,
} from '../support/dpop-api.js';
import { closeProtectedApis } from '../support/protected-api.js';
import { exchange } from '../support/raw-http.js';

describe('RFC 9449 section 4.3, the request that a proof is for', () => {
  let api: DpopApi;
  let handled = 0;
  const answer: RequestHandler = (_request, response) => {
    handled += 1;
    response.json({});
  };

  beforeAll(async () => {
    api = await startDpopApi({
      routes: (app) => {
        app.enable('strict routing');
        app.all(['/r', '/r/', '/R', '/a', '/a/b', '/a%2Fb', '/', '//orders'], answer);
        const v1 = Router();
        v1.all('/r', answer);
        const inner = Router();
        inner.use('/v2', Router().all('/r', answer));
        app.use('/v1', v1, inner);
      },
    });
  });
  afterAll(closeProtectedApis);

  describe('check 8, the method', () => {
    it.each<[string, string, unknown]>([
      ['POST', 'GET', 'POST'],
      ['get', 'GET', 'get'],
      ['Get', 'GET', 'Get'],
      ['nothing', 'GET', ''],
      ['GET and a blank', 'GET', 'GET '],
      ['GET', 'OPTIONS', 'GET'],
      ['post', 'POST', 'post'],
      ['PUT', 'POST', 'PUT'],
    ])(
      '[rfc9449-4.3-8-htm] [attack-27-dpop-replay-order-downgrade] refuses htm %s on a %s request',
      async (_what, method, htm) => {
        const call = () => api.prove({ target: '/r', method, variation: { claims: { htm } } });
        await expectProofRefused(api, call, 'proof.method-mismatch');
      },
    );

    it('[rfc9449-4.3-8-htm] refuses htm GET on a HEAD request, whose answer has no body', async () => {
      const { status, challenges, body } = await api.prove({
        target: '/r',
        method: 'HEAD',
        variation: { claims: { htm: 'GET' } },
      });
      expect({ status, body }).toEqual({ status: 401, body: '' });
      expect(challenges).toMatchObject([{ scheme: 'dpop', parameters: { error: 'invalid_dpop_proof' } }]);
    });

    it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
      '[rfc9449-4.3-8-htm] accepts htm %s on such a request',
      async (method) => {
        await expectHandled(() => api.prove({ target: '/r', method }));
      },
    );

    it('[rfc9449-4.3-8-htm] goes by the request line, and not by headers that say otherwise', async () => {
      const lines = api.lines({ target: '/r', method: 'DELETE' });
      const overriding = ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE'];
      await expectProofRefused(
        api,
        () => api.send({ method: 'POST', target: '/r', lines: [...lines, ...overriding] }),
        'proof.method-mismatch',
      );
    });
  });

  async function expectHandled(call: () => Promise<{ readonly status: number }>): Promise<void> {
    const before = handled;
    expect((await call()).status).toBe(200);
    expect(handled).toBe(before + 1);
  }

  describe('check 9, the URI', () => {
    it.each<[string, unknown]>([
      ['another host', 'https://other.example/r'],
      ['a host that begins alike', 'https://api.example.other.example/r'],
      ['a host with a dot at the end', 'https://api.example./r'],
      ['another scheme', 'http://api.example/r'],
      ['a scheme of another kind', 'ftp://api.example/r'],
      ['the scheme of web sockets', 'wss://api.example/r'],
      ['another port', 'https://api.example:8443/r'],
      ['the port of another scheme', 'https://api.example:80/r'],
      ['another path', 'https://api.example/orders'],
      ['a path prefix', 'https://api.example/'],
      ['a longer path', 'https://api.example/r/s'],
      ['a slash more', 'https://api.example/r/'],
      ['a slash more at the front', 'https://api.example//r'],
      ['the path in another case', 'https://api.example/R'],
      ['the path alone', '/r'],
      ['a URI without scheme', '//api.example/r'],
      ['a host alone', 'api.example/r'],
      ['nothing', ''],
      ['a user name', 'https://api.example@api.example/r'],
      ['an empty user name', 'https://@api.example/r'],
      ['a back slash', 'https:\\\\api.example\\r'],
      ['a back slash in the path', 'https://api.example\\r'],
      ['one slash before the host', 'https:/api.example/r'],
      ['three slashes before the host', 'https:///api.example/r'],
      ['no slash before the host', 'https:api.example/r'],
      ['a blank in front', ' https://api.example/r'],
      ['a blank behind', 'https://api.example/r '],
      ['a tab within', 'https://api.exa\tmple/r'],
      ['a line break behind', 'https://api.example/r\n'],
      ['a broken escape', 'https://api.example/%zr'],
      ['an escape that ends too soon', 'https://api.example/r%'],
      ['a letter beyond ASCII', 'https://api.example/\u0072\u0301'],
      ['an address that is too long', `https://api.example/${'../'.repeat(3000)}r`],
      ['a list in a text', 'https://api.example/r,https://api.example/r'],
    ])('[rfc9449-4.3-9-htu] refuses a proof that names %s', async (_what, htu) => {
      await expectProofRefused(
        api,
        () => api.prove({ target: '/r', variation: { claims: { htu } } }),
        'proof.uri-mismatch',
      );
    });

    it.each<[string, string, string]>([
      ['/a when /a/ is requested', '/r/', 'https://api.example/r'],
      ['/a/ when /a is requested', '/r', 'https://api.example/r/'],
      ['one slash when two are requested', '//orders', 'https://api.example/orders'],
    ])('[rfc9449-4.3-9-htu] refuses a proof for %s', async (_what, target, htu) => {
      await expectProofRefused(
        api,
        () => api.prove({ target, variation: { claims: { htu } } }),
        'proof.uri-mismatch',
      );
    });

    it.each([
      ['no query', 'https://api.example/r'],
      ['another query', 'https://api.example/r?a=2'],
      ['the same query', 'https://api.example/r?a=1'],
      ['a fragment', 'https://api.example/r#x'],
      ['an empty query', 'https://api.example/r?'],
      ['a query with what a path could not hold', 'https://api.example/r?a=/../%zz'],
    ])('[rfc9449-4.3-9-htu-query] accepts a request with a query and a proof with %s', async (_what, htu) => {
      await expectHandled(() => api.prove({ target: '/r?a=1', variation: { claims: { htu } } }));
    });

    it.each<[string, string, string]>([
      ['scheme and host in other case, and the default port', '/r', 'HTTPS://API.example:443/r'],
      ['an escaped letter', '/r', 'https://api.example/%72'],
      ['an escaped letter in the request', '/%72', 'https://api.example/r'],
      ['a dot segment', '/r', 'https://api.example/a/../r'],
      ['a dot segment with escapes', '/r', 'https://api.example/a/%2e%2E/r'],
      ['the same directory', '/r', 'https://api.example/./r'],
      ['more dot segments than directories', '/r', 'https://api.example/../../r'],
      ['no path for /', '/', 'https://api.example'],
      ['an empty port', '/r', 'https://api.example:/r'],
      ['lower-case digits of an escape', '/a%2Fb', 'https://api.example/a%2fb'],
      ['lower-case digits of an escape in the request', '/a%2fb', 'https://api.example/a%2Fb'],
    ])('[rfc9449-4.3-htu-normalise] accepts %s', async (_what, target, htu) => {
      await expectHandledOrNotFound(() => api.prove({ target, variation: { claims: { htu } } }));
    });

    /** What is accepted may still have no route of its own. */
    async function expectHandledOrNotFound(call: () => Promise<{ readonly status: number }>): Promise<void> {
      expect([200, 404]).toContain((await call()).status);
    }

    it.each<[string, string, string]>([
      ['an escaped slash for a slash', '/a/b', 'https://api.example/a%2Fb'],
      ['a slash for an escaped slash', '/a%2Fb', 'https://api.example/a/b'],
      ['the path in another case', '/R', 'https://api.example/r'],
      ['an escape that was escaped', '/r', 'https://api.example/%2572'],
    ])('[rfc9449-4.3-htu-normalise] never takes %s', async (_what, target, htu) => {
      await expectProofRefused(
        api,
        () => api.prove({ target, variation: { claims: { htu } } }),
        'proof.uri-mismatch',
      );
    });
  });

  describe('behind routers', () => {
    it.each(['/v1/r', '/v1/v2/r', '/v1/r?a=1'])(
      '[rfc9449-4.3-9-htu-mounted] a proof for %s is accepted',
      async (target) => {
        await expectHandled(() => api.prove({ target }));
      },
    );

    it.each([
      ['/v1/r', '/r'],
      ['/v1/v2/r', '/v2/r'],
      ['/v1/v2/r', '/r'],
      ['/r', '/v1/r'],
    ])('[rfc9449-4.3-9-htu-mounted] asked for %s, a proof for %s is refused', async (target, named) => {
      await expectProofRefused(api, () => api.prove({ target, url: origin + named }), 'proof.uri-mismatch');
    });

    it('[rfc9449-4.3-9-htu-mounted] a router that is protected by itself sees the whole path', async () => {
      const calls = { count: 0 };
      const inner = createResourceServer({
        issuer: api.builder.issuer,
        audience: origin,
        keys: api.builder.jwks,
        clock: api.clock,
      });
      const outer = await startDpopApi({
        builder: api.builder,
        clock: api.clock,
        routes: (app) => {
          const router = Router();
          router.use(protect(inner));
          router.get('/r', (_request, response) => {
            calls.count += 1;
            response.json({});
          });
          app.use('/deep', router);
        },
      });
      expect((await outer.prove({ target: '/deep/r' })).status).toBe(200);
      expect(calls.count).toBe(1);
      await expectProofRefused(
        outer,
        () => outer.prove({ target: '/deep/r', url: `${origin}/r` }),
        'proof.uri-mismatch',
      );
    });

    it('[rfc9449-4.3-9-htu-mounted] a public URL with a path stands before the path of the request', async () => {
      const behind = await startDpopApi({ settings: { publicUrl: 'https://gateway.example/shop/' } });
      await expectProven(behind, () => behind.prove({ url: 'https://gateway.example/shop/orders' }));
      for (const url of [
        'https://gateway.example/orders',
        'https://api.example/orders',
        'https://api.example/shop/orders',
        'https://gateway.example/shop//orders',
      ]) {
        await expectProofRefused(behind, () => behind.prove({ url }), 'proof.uri-mismatch');
      }
    });
  });

  describe('on Nest', () => {
    @Controller({ path: 'r', version: '1' })
    class VersionedController {
      @Get()
      read() {
        handled += 1;
        return {};
      }
    }

    let app: INestApplication<Server> | undefined;
    afterEach(async () => {
      await app?.close();
      app = undefined;
    });

    async function start(platform: 'Express' | 'Fastify'): Promise<number> {
      const { builder, clock } = api;
      @Module({
        imports: [
          AssayModule.forRoot({
            issuer: [{ issuer: builder.issuer, keys: builder.jwks }],
            audience: origin,
            clock,
          }),
        ],
        controllers: [VersionedController],
      })
      class AppModule {}

      Logger.overrideLogger(false);
      app = await (platform === 'Express'
        ? NestFactory.create<INestApplication<Server>>(AppModule)
        : NestFactory.create<INestApplication<Server>>(AppModule, new FastifyAdapter()));
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI });
      await app.listen(0, '127.0.0.1');
      return (app.getHttpServer().address() as AddressInfo).port;
    }

    it.each(['Express', 'Fastify'] as const)(
      '[rfc9449-4.3-9-htu-mounted] with a global prefix and versions (%s), a proof names the whole path',
      async (platform) => {
        const port = await start(platform);
        const token = api.boundToken();
        const get = (url: string) =>
          exchange(port, {
            target: '/api/v1/r',
            lines: dpopLines(`DPoP ${token}`, api.proofs.proof({ url, accessToken: token })),
          });
        await expectHandled(() => get(`${origin}/api/v1/r`));
        for (const path of ['/r', '/v1/r', '/api/r']) {
          const { status, challenges } = await get(origin + path);
          expect({ status, error: challenges[0]?.parameters['error'] }).toEqual({
            status: 401,
            error: 'invalid_dpop_proof',
          });
        }
      },
    );
  });

  describe('the Host header', () => {
    const hosts = [
      'other.example',
      'other.example/r?',
      'api.example@other.example',
      'other.example#',
      'other.example?',
      'other.example/',
      'api.example:80',
      'other example',
    ];

    it.each(hosts)('[attack-26-dpop-host-header-controls-htu] has no say: %s', async (host) => {
      const token = api.boundToken();
      const sendFor = (url: string, ...lines: readonly string[]) =>
        api.send({
          target: '/r',
          host,
          lines: [...dpopLines(`DPoP ${token}`, api.proofs.proof({ url, accessToken: token })), ...lines],
        });
      for (const url of [`https://${host}/r`, `http://${host}/r`, 'https://other.example/r']) {
        await expectProofRefused(api, () => sendFor(url), 'proof.uri-mismatch');
        await expectProofRefused(api, () => sendFor(url, 'Host: other.example'), 'proof.uri-mismatch');
      }
      await expectHandled(() => sendFor(`${origin}/r`));
    });

    it.each(hosts)(
      '[attack-26-dpop-host-header-controls-htu] neither lets in nor keeps out on a request view: %s',
      async (host) => {
        const token = api.boundToken();
        const view = (url: string) => ({
          method: 'GET',
          url: '/r',
          headers: {
            host: [host, 'another.example'],
            authorization: [`DPoP ${token}`],
            dpop: [api.proofs.proof({ url, accessToken: token })],
            'x-forwarded-host': ['other.example'],
            'x-forwarded-proto': ['https'],
            forwarded: ['proto=https;host=other.example'],
          },
        });
        await expect(api.resourceServer.authenticate(view('https://other.example/r'))).rejects.toMatchObject({
          code: 'proof.uri-mismatch',
        });
        await expect(api.resourceServer.authenticate(view(`${origin}/r`))).resolves.toMatchObject({
          subject: 'user-1',
        });
      },
    );

    it.each(['http://other.example/r', 'https://other.example/r', 'HTTPS://api.example@other.example/r'])(
      '[attack-26-dpop-host-header-controls-htu] nor has the authority of an absolute request target: %s',
      async (target) => {
        const token = api.boundToken();
        const view = (url: string) => ({
          method: 'GET',
          url: target,
          headers: {
            authorization: [`DPoP ${token}`],
            dpop: [api.proofs.proof({ url, accessToken: token })],
          },
        });
        await expect(api.resourceServer.authenticate(view(target))).rejects.toMatchObject({
          code: 'proof.uri-mismatch',
        });
        await expect(api.resourceServer.authenticate(view(`${origin}/r`))).resolves.toMatchObject({
          subject: 'user-1',
        });
      },
    );

    it('[attack-26-dpop-host-header-controls-htu] a configured public URL wins over the audience', async () => {
      const named = await startDpopApi({ settings: { publicUrl: 'https://public.example' } });
      await expectProven(named, () => named.prove({ url: 'https://public.example/orders' }));
      await expectProofRefused(named, () => named.prove(), 'proof.uri-mismatch');
    });
  });

  describe('a server of which nobody knows the address', () => {
    const unnamed: Partial<ResourceServerOptions> = { audience: 'orders-api' };

    it('[rfc9449-4.3-9-htu] accepts no proof at all', async () => {
      const nameless = await startDpopApi({ settings: { ...unnamed, realm: origin } });
      const token = nameless.boundToken({ aud: 'orders-api' });
      for (const url of [`${origin}/orders`, 'http://localhost/orders', '/orders', 'undefined/orders']) {
        await expectProofRefused(nameless, () => nameless.prove({ token, url }), 'proof.uri-mismatch');
      }
      expect((await nameless.sendToken(nameless.builder.accessToken({ aud: 'orders-api' }))).status).toBe(
        200,
      );
    });

    it.each<[string, Partial<ResourceServerOptions>]>([
      ['that offers DPoP', { dpop: true }],
      ['that demands it', { requireSenderConstraint: 'dpop' }],
      ['whose list of proxies is empty', { dpop: true, trustedProxies: [] }],
      ['whose audiences have different origins', { dpop: true, audience: [origin, 'https://b.example'] }],
    ])('cannot be set up to be one %s', (_what, settings) => {
      const make = () =>
        createResourceServer({
          issuer: 'https://as.example',
          audience: 'orders-api',
          keys: api.builder.jwks,
          ...settings,
        });
      expect(make).toThrow(SetupError);
      expect(make).toThrow('publicUrl: it is not known by which address clients reach this server');
    });

    it.each([
      ['no text', 5],
      ['plain http', 'http://api.example'],
      ['a path', '/api'],
      ['a query', 'https://api.example?x'],
      ['a fragment', 'https://api.example#x'],
      ['a user', 'https://u@api.example'],
      ['a broken escape', 'https://api.example/%zz'],
      ['an empty text', ''],
    ])('a public URL is none: %s', (_what, publicUrl) => {
      const make = () =>
        createResourceServer({
          issuer: 'https://as.example',
          audience: origin,
          keys: api.builder.jwks,
          publicUrl: publicUrl as string,
        });
      expect(make).toThrow(SetupError);
      expect(make).toThrow('publicUrl: it is not an https URL without query and fragment');
    });
  });

  it('a proof that was refused for its target is good for its own one', async () => {
    const token = api.boundToken();
    const jti = randomUUID();
    const proof = api.proofs.proof({ url: `${origin}/r`, accessToken: token }, { claims: { jti } });
    await expectProofRefused(api, () => api.prove({ token, proof, target: '/a' }), 'proof.uri-mismatch');
    await expectHandled(() => api.prove({ token, proof, target: '/r' }));
  });
});
