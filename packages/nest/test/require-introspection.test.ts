import 'reflect-metadata';
import type { Server } from 'node:http';
import { Controller, Get, Logger, Module, type INestApplication, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SetupError, type Principal, type ResourceServerOptions } from '@assay/core';
import { createTokenBuilder, fixedClock, type TokenBuilder } from '@assay/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { AssayModule, CurrentPrincipal, RequireIntrospection, RequireScope } from '../src/index.js';

const clock = fixedClock(1_800_000_000);
let builder: TokenBuilder;
/** What the endpoint says of every token, and how often it was asked. */
let answer: Record<string, unknown>;
let asked: number;
let app: INestApplication | undefined;

beforeEach(async () => {
  Logger.overrideLogger(false);
  builder = await createTokenBuilder({ clock });
  answer = { active: true };
  asked = 0;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});

@Controller()
class OrdersController {
  @Get('plain')
  plain(@CurrentPrincipal() principal: Principal) {
    return principal.scopes;
  }

  @Get('fresh')
  @RequireIntrospection()
  fresh(@CurrentPrincipal() principal: Principal) {
    return principal.scopes;
  }

  @Get('write')
  @RequireScope('write')
  @RequireIntrospection()
  write() {
    return 'reached';
  }
}

@Controller('all')
@RequireIntrospection()
class FreshController {
  @Get()
  all() {
    return 'reached';
  }
}

const withEndpoint = (): Partial<ResourceServerOptions> => ({
  introspection: {
    endpoint: 'https://as.example/introspect',
    clientAuthentication: () => ({}),
    fetch: () => {
      asked += 1;
      return Promise.resolve(Response.json(answer));
    },
  },
});

async function start(
  settings: Partial<ResourceServerOptions> = withEndpoint(),
  controllers: Type[] = [OrdersController, FreshController],
): Promise<void> {
  const { issuer, audience, jwks: keys } = builder;
  @Module({ imports: [AssayModule.forRoot({ issuer, audience, keys, clock, ...settings })], controllers })
  class AppModule {}

  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = testing.createNestApplication();
  await app.init();
}

const get = (path: string) =>
  request(app?.getHttpServer() as Server)
    .get(path)
    .set('Authorization', `Bearer ${builder.accessToken({ scope: 'read write' })}`);

describe('@RequireIntrospection', () => {
  it('asks the issuer on handlers that have it, on the method or the class, and on no other', async () => {
    await start();
    await get('/plain').expect(200, ['read', 'write']);
    expect(asked).toBe(0);
    await get('/fresh').expect(200);
    expect(asked).toBe(1);
    await get('/all').expect(200);
    expect(asked).toBe(2);
  });

  it('refuses a token that is not active with 401 and invalid_token', async () => {
    await start();
    answer = { active: false };
    const { headers } = await get('/fresh').expect(401);
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  it('is 503 where the issuer gives no usable answer, and no challenge', async () => {
    await start();
    answer = [] as unknown as Record<string, unknown>;
    const { headers } = await get('/fresh').expect(503);
    expect(headers['www-authenticate']).toBeUndefined();
    expect(headers['retry-after']).toBe('5');
  });

  it('grants no scope that the issuer has taken away, and hands the handler what is left', async () => {
    await start();
    answer = { active: true, scope: 'read' };
    await get('/fresh').expect(200, ['read']);
    const { headers } = await get('/write').expect(403);
    expect(headers['www-authenticate']).toContain('error="insufficient_scope"');
    answer = { active: true, scope: 'read write' };
    await get('/write').expect(200);
  });

  it('is a set-up error where the resource server cannot ask, naming the handler and the remedy', async () => {
    const error: unknown = await start({}).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).option).toBe('OrdersController.fresh');
    expect((error as SetupError).message).toContain('no issuer can be asked about its tokens');
    expect((error as SetupError).remedy).toContain('introspection:');
  });
});
