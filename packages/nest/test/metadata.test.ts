import 'reflect-metadata';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createResourceServer, SetupError, type ResourceServerOptions } from '@assay/core';
import { AssayGuard, AssayModule, Audience, RequireScope } from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import {
  All,
  Controller,
  Get,
  Module,
  UseGuards,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { platforms } from './platforms.js';

const v1 = 'https://api.example/v1';
const v2 = 'https://api.example/v2';
const wellKnown = '/.well-known/oauth-protected-resource';
const url = (version: string) => `https://api.example${wellKnown}/${version}`;

let builder: TokenBuilder;
beforeAll(async () => {
  builder = await createTokenBuilder({ audience: v1 });
});

function options(changes: Partial<ResourceServerOptions> = {}): ResourceServerOptions {
  const { issuer, jwks: keys } = builder;
  return { issuer, audience: [v1, v2], keys, metadata: {}, ...changes };
}

@Controller()
class OrdersController {
  @Get('narrowed')
  @Audience(v2)
  @RequireScope('orders:read')
  narrowed(): object {
    return {};
  }

  @Get('v1/orders')
  @RequireScope('orders:read')
  orders(): object {
    return {};
  }
}

describe.each(platforms)('metadata on %s', (platform, start) => {
  let app: INestApplication | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const get = (path: string) => request(app?.getHttpServer() as never).get(path);
  const pointer = (challenge: string | undefined) => /resource_metadata="([^"]+)"/.exec(challenge ?? '')?.[1];

  it('is served in front of middleware and of routes that catch everything', async () => {
    const seen: string[] = [];

    @Controller()
    class CatchAllController {
      // What some applications have at the end, for their single page.
      @All(platform === 'Fastify' ? '*' : '*rest')
      rest(): string {
        return 'caught';
      }
    }

    @Module({ imports: [AssayModule.forRoot(options())], controllers: [CatchAllController] })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        const note = (incoming: { originalUrl: string }, _response: unknown, next: () => void) => {
          seen.push(incoming.originalUrl);
          next();
        };
        consumer.apply(note).forRoutes(CatchAllController);
      }
    }

    app = await start({ imports: [AppModule] });
    const served = await get(`${wellKnown}/v2`).expect(200);
    expect(served.body).toMatchObject({ resource: v2 });
    await get(`${wellKnown}/v3`).expect(401);
    await get('/anything').expect(401);
    expect(seen).toEqual([`${wellKnown}/v3`, '/anything']);
  });

  it('is served for a resource server that exists, one with a name, and options that come later', async () => {
    const partner = createResourceServer(options({ audience: 'https://api.example/partner' }));
    const later = () => options({ audience: 'https://api.example/later' });
    app = await start({
      imports: [
        AssayModule.forRoot(options()),
        AssayModule.forRoot(partner, { name: 'partner', guard: 'manual' }),
        AssayModule.forRootAsync({ name: 'later', guard: 'manual', useFactory: later }),
      ],
    });
    const documents = await Promise.all(
      ['v1', 'v2', 'partner', 'later'].map((path) => get(`${wellKnown}/${path}`)),
    );
    expect(documents.map(({ body }) => (body as { resource: string }).resource)).toEqual([
      v1,
      v2,
      'https://api.example/partner',
      'https://api.example/later',
    ]);
  });

  it('is not served where no metadata is given', async () => {
    const { issuer, jwks: keys } = builder;
    app = await start({ imports: [AssayModule.forRoot({ issuer, audience: v1, keys })] });
    await get(`${wellKnown}/v1`).expect(404);
  });

  it('is served once, where two modules have the same resource server', async () => {
    const shared = createResourceServer(options());
    app = await start({
      imports: [AssayModule.forRoot(shared), AssayModule.forRoot(shared, { name: 'other', guard: 'manual' })],
    });
    await get(`${wellKnown}/v1`).expect(200);
  });

  it('ends the start where two resource servers have theirs at the same path', async () => {
    const imports = [
      AssayModule.forRoot(options()),
      AssayModule.forRoot({
        ...options({ audience: 'https://other.example/v2' }),
        name: 'other',
        guard: 'manual',
      }),
    ];
    const starting = start({ imports });
    await expect(starting).rejects.toThrow(SetupError);
    await expect(starting).rejects.toThrow(`publish metadata at ${wellKnown}/v2`);
  });

  it('ends the start where an audience cannot have any', async () => {
    const starting = start({ imports: [AssayModule.forRoot(options({ audience: 'urn:api' }))] });
    await expect(starting).rejects.toThrow(SetupError);
  });

  it('is pointed to by the audience of the route, also where nobody has shown a token', async () => {
    app = await start({ imports: [AssayModule.forRoot(options())], controllers: [OrdersController] });
    const anonymous = await get('/narrowed').expect(401);
    expect(pointer(anonymous.headers['www-authenticate'])).toBe(url('v2'));

    const misdirected = await get('/narrowed')
      .set('Authorization', `Bearer ${builder.accessToken({ aud: v1, scope: 'orders:read' })}`)
      .expect(401);
    expect(misdirected.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(pointer(misdirected.headers['www-authenticate'])).toBe(url('v2'));

    const insufficient = await get('/narrowed')
      .set('Authorization', `Bearer ${builder.accessToken({ aud: [v1, v2] })}`)
      .expect(403);
    expect(pointer(insufficient.headers['www-authenticate'])).toBe(url('v2'));

    const elsewhere = await get('/v1/orders').expect(401);
    expect(pointer(elsewhere.headers['www-authenticate'])).toBe(url('v1'));
  });

  it('is pointed to by the guard of each resource server', async () => {
    @Controller('partner')
    @UseGuards(AssayGuard.for('partner'))
    class PartnerController {
      @Get()
      partner(): object {
        return {};
      }
    }
    const partner = options({ audience: 'https://partner.example/api' });
    app = await start({
      imports: [
        AssayModule.forRoot(options()),
        AssayModule.forRoot({ ...partner, name: 'partner', guard: 'manual' }),
      ],
      controllers: [PartnerController],
    });
    const response = await get('/partner').expect(401);
    expect(pointer(response.headers['www-authenticate'])).toBe(`https://partner.example${wellKnown}/api`);
  });

  it('is named in the log at start', async () => {
    const log = jest.fn();
    const logger = { log, error: log, warn: log };
    app = await start({ imports: [AssayModule.forRoot(options())] }, { logger });
    const lines = log.mock.calls.map(([line]) => line);
    expect(lines).toContain(`GET ${wellKnown}/v1: public (resource metadata)`);
    expect(lines).toContain(`GET ${wellKnown}/v2: public (resource metadata)`);
  });
});

describe('metadata on Fastify without middleware', () => {
  it.each([
    ['GET', 200],
    ['HEAD', 200],
    ['POST', 405],
    ['OPTIONS', 204],
  ] as const)('answers %s with %d', async (method, status) => {
    const imports = [AssayModule.forRoot(options())];
    const module = await Test.createTestingModule({ imports }).compile();
    const app = module.createNestApplication<NestFastifyApplication>(
      new FastifyAdapter({ skipMiddie: true } as object),
    );
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}${wellKnown}/v1`, { method });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('content-type')).toBe(status === 200 ? 'application/json' : null);
    expect(await answer.text()).toBe(method === 'GET' ? JSON.stringify(documentOfFirst()) : '');
    const other = await fetch(`${await app.getUrl()}${wellKnown}/v3`);
    expect(other.status).toBe(404);
    await app.close();
  });

  const documentOfFirst = () => createResourceServer(options()).metadata(v1);
});

describe('AssayModule', () => {
  it('ends the start where it is imported without forRoot, and would protect nothing', async () => {
    const compiling = Test.createTestingModule({ imports: [AssayModule] }).compile();
    await expect(compiling).rejects.toThrow(SetupError);
    await expect(compiling).rejects.toThrow('AssayModule: it is imported without options');
  });
});
