import type { Server } from 'node:http';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Req,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  authenticationOf,
  createResourceServer,
  recordAuthentication,
  type Principal,
  type ResourceServer,
} from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  CurrentPrincipal,
  Public,
  RequireScope,
  resourceServerToken,
  type AssayOptionsFactory,
} from '@assay/nest';
import { createTestIssuer, principal as principalWith, type TestIssuer } from '@assay/testing';
import request from 'supertest';
import { platforms, type StartOptions } from './platforms.js';

@Controller('orders')
class OrdersController {
  @Get()
  @RequireScope('orders:read')
  list(@CurrentPrincipal() principal: Principal) {
    return { subject: principal.subject };
  }
}

@Controller('guarded')
@UseGuards(AssayGuard)
class GuardedController {
  @Get()
  @RequireScope('orders:read')
  list(@CurrentPrincipal() principal: Principal) {
    return { subject: principal.subject };
  }

  @Get('public')
  @Public()
  open() {
    return {};
  }
}

@Controller('unguarded')
class UnguardedController {
  @Get()
  list() {
    return {};
  }

  @Get('principal')
  principal(@CurrentPrincipal() principal: Principal) {
    return { subject: principal.subject };
  }
}

@Controller('partner')
class PartnerController {
  @Get()
  @UseGuards(AssayGuard.for('partner'))
  @RequireScope('partner:read')
  list(@CurrentPrincipal() principal: Principal) {
    return { issuer: principal.issuer };
  }

  @Get('own')
  own(@CurrentPrincipal() principal: Principal) {
    return { issuer: principal.issuer };
  }

  @Get('both')
  @UseGuards(AssayGuard, AssayGuard.for('partner'))
  both() {
    return {};
  }
}

/** A module of its own, so that the guard has to find its resource server from elsewhere. */
@Module({ controllers: [OrdersController, GuardedController, UnguardedController] })
class FeatureModule {}

/** What a guard and a middleware may leave behind, and what a handler must not take for a principal. */
@Injectable()
class MeddlingGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const received = context.switchToHttp().getRequest<Record<string, unknown>>();
    const admin = principalWith({ sub: 'admin', scope: 'orders:read' });
    Object.assign(received, { user: admin, principal: admin });
    return true;
  }
}

describe.each(platforms)('AssayModule on %s', (_platform, start) => {
  let issuer: TestIssuer;
  let partner: TestIssuer;
  let app: INestApplication<Server> | undefined;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    partner = await createTestIssuer();
  });
  afterAll(async () => {
    await issuer.close();
    await partner.close();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const startApp = async (metadata: ModuleMetadata, options?: StartOptions) => {
    app = (await start(metadata, options)) as INestApplication<Server>;
    return (path: string, authorization?: string) => {
      const sent = request((app as INestApplication<Server>).getHttpServer()).get(path);
      return authorization === undefined ? sent : sent.set('Authorization', authorization);
    };
  };
  const bearer = (claims: Record<string, unknown> = { scope: 'orders:read' }) =>
    `Bearer ${issuer.accessToken(claims)}`;

  async function expectProtected(get: Awaited<ReturnType<typeof startApp>>, path: string) {
    expect((await get(path)).status).toBe(401);
    expect((await get(path, bearer({ scope: 'other' }))).status).toBe(403);
    const response = await get(path, bearer());
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ subject: 'user-1' });
  }

  describe('guards every module of the application', () => {
    it('with the options of a resource server', async () => {
      const imports = [FeatureModule, AssayModule.forRoot(issuer.options)];
      await expectProtected(await startApp({ imports }), '/orders');
    });

    it('with a resource server that exists already', async () => {
      const api = createResourceServer(issuer.options);
      const get = await startApp({ imports: [FeatureModule, AssayModule.forRoot(api)] });
      await expectProtected(get, '/orders');
      expect(app?.get(resourceServerToken())).toBe(api);
    });

    it('with options from a factory and what it injects', async () => {
      @Module({ providers: [{ provide: 'ISSUER', useValue: issuer.issuer }], exports: ['ISSUER'] })
      class ConfigModule {}
      const module = AssayModule.forRootAsync({
        imports: [ConfigModule],
        inject: ['ISSUER'],
        useFactory: (identifier: string) => Promise.resolve({ ...issuer.options, issuer: identifier }),
      });
      await expectProtected(await startApp({ imports: [FeatureModule, module] }), '/orders');
    });

    it('with a resource server from a factory', async () => {
      const module = AssayModule.forRootAsync({ useFactory: () => createResourceServer(issuer.options) });
      await expectProtected(await startApp({ imports: [FeatureModule, module] }), '/orders');
    });

    it('with options from a class that Nest makes', async () => {
      @Module({ providers: [{ provide: 'ISSUER', useValue: issuer.issuer }], exports: ['ISSUER'] })
      class ConfigModule {}
      @Injectable()
      class Options implements AssayOptionsFactory {
        constructor(@Inject('ISSUER') private readonly identifier: string) {}
        createAssayOptions = () => ({ ...issuer.options, issuer: this.identifier });
      }
      const module = AssayModule.forRootAsync({ imports: [ConfigModule], useClass: Options });
      await expectProtected(await startApp({ imports: [FeatureModule, module] }), '/orders');
    });
  });

  it('does not judge a request twice where the guard is global and on the handler', async () => {
    let judged = 0;
    const api = createResourceServer(issuer.options);
    const counting: ResourceServer = {
      ...api,
      authenticate: (view) => {
        judged += 1;
        return api.authenticate(view);
      },
    };
    const get = await startApp({ imports: [FeatureModule, AssayModule.forRoot(counting)] });
    expect((await get('/guarded', bearer())).status).toBe(200);
    expect(judged).toBe(1);
  });

  describe('with a manual guard', () => {
    const metadata = () => ({
      imports: [AssayModule.forRoot({ ...issuer.options, guard: 'manual' })],
      controllers: [GuardedController, UnguardedController],
    });

    it('judges what UseGuards names', async () => {
      const get = await startApp(metadata());
      await expectProtected(get, '/guarded');
      expect((await get('/guarded/public', 'Bearer nonsense')).status).toBe(200);
    });

    it('leaves the other handlers alone', async () => {
      const get = await startApp(metadata());
      expect((await get('/unguarded')).status).toBe(200);
    });

    it('refuses to make up a principal for a handler that no guard judged', async () => {
      const get = await startApp(metadata());
      const response = await get('/unguarded/principal', bearer());
      expect(response.status).toBe(500);
      expect(response.body).toMatchObject({ error: 'server_error' });
    });

    it('is the same beside useFactory', async () => {
      const module = AssayModule.forRootAsync({ useFactory: () => issuer.options, guard: 'manual' });
      const get = await startApp({
        imports: [module],
        controllers: [GuardedController, UnguardedController],
      });
      await expectProtected(get, '/guarded');
      expect((await get('/unguarded')).status).toBe(200);
    });

    it('judges every request where the application makes it global itself', async () => {
      const get = await startApp(
        { imports: [FeatureModule, AssayModule.forRoot({ ...issuer.options, guard: 'manual' })] },
        { configure: (created) => created.useGlobalGuards(created.get(AssayGuard)) },
      );
      await expectProtected(get, '/orders');
      expect((await get('/unguarded')).status).toBe(401);
    });
  });

  it('takes a guard of the application that extends the guard', async () => {
    @Injectable()
    class OwnGuard extends AssayGuard {}
    const get = await startApp({
      imports: [FeatureModule, AssayModule.forRoot({ ...issuer.options, guard: 'manual' })],
      providers: [{ provide: APP_GUARD, useClass: OwnGuard }],
    });
    await expectProtected(get, '/orders');
  });

  describe('with a second resource server', () => {
    const modules = () => [
      AssayModule.forRoot(issuer.options),
      AssayModule.forRoot({
        ...partner.options,
        audience: 'https://partner.example',
        name: 'partner',
        guard: 'manual',
      }),
    ];
    const partnerToken = (claims: Record<string, unknown> = { scope: 'partner:read' }) =>
      `Bearer ${partner.accessToken({ aud: 'https://partner.example', ...claims })}`;

    it('takes the tokens of that one alone where its guard stands', async () => {
      const get = await startApp({ imports: modules(), controllers: [PartnerController] });
      const response = await get('/partner', partnerToken());
      expect(response.status).toBe(200);
      expect(response.body).toEqual({ issuer: partner.issuer });
      expect((await get('/partner', partnerToken({}))).status).toBe(403);

      const refused = await get('/partner', bearer());
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toContain('realm="https://partner.example"');
    });

    it('takes the tokens of the first alone elsewhere', async () => {
      const get = await startApp({ imports: modules(), controllers: [PartnerController] });
      expect((await get('/partner/own', bearer())).body).toEqual({ issuer: issuer.issuer });
      const refused = await get('/partner/own', partnerToken());
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toContain('realm="https://api.example"');
    });

    it('lets a token pass two guards only if both take it', async () => {
      const get = await startApp({ imports: modules(), controllers: [PartnerController] });
      expect((await get('/partner/both', bearer())).status).toBe(401);
      expect((await get('/partner/both', partnerToken())).status).toBe(401);
    });

    it('gives each its own token for injection', async () => {
      await startApp({ imports: modules(), controllers: [PartnerController] });
      expect(app?.get<ResourceServer>(resourceServerToken()).issuers).toEqual([issuer.issuer]);
      expect(app?.get<ResourceServer>(resourceServerToken('partner')).issuers).toEqual([partner.issuer]);
    });
  });

  describe('in a test of the application', () => {
    const imports = () => [FeatureModule, AssayModule.forRoot(issuer.options)];

    it('gives way to overrideProvider(AssayGuard)', async () => {
      const get = await startApp(
        { imports: imports() },
        {
          override: (builder) =>
            builder.overrideProvider(AssayGuard).useValue({ canActivate: () => true } satisfies CanActivate),
        },
      );
      expect((await get('/unguarded')).status).toBe(200);
    });

    it('finds the principal that a stand-in for the guard records', async () => {
      const resourceServer = createResourceServer(issuer.options);
      const standIn: CanActivate = {
        canActivate(context) {
          const received = context.switchToHttp().getRequest<{ raw?: object }>();
          recordAuthentication(received.raw ?? received, {
            principal: principalWith({ sub: 'user-7' }),
            resourceServer,
          });
          return true;
        },
      };
      const get = await startApp(
        { imports: imports() },
        { override: (builder) => builder.overrideProvider(AssayGuard).useValue(standIn) },
      );
      expect((await get('/orders')).body).toEqual({ subject: 'user-7' });
    });

    it('gives way to another resource server', async () => {
      const get = await startApp(
        { imports: imports() },
        {
          override: (builder) =>
            builder.overrideProvider(resourceServerToken()).useValue(createResourceServer(partner.options)),
        },
      );
      const token = partner.accessToken({ scope: 'orders:read' });
      expect((await get('/orders', `Bearer ${token}`)).status).toBe(200);
      expect((await get('/orders', bearer())).status).toBe(401);
    });
  });

  describe('keeps what it established', () => {
    it('apart from what other code puts on the request', async () => {
      const get = await startApp({
        imports: [AssayModule.forRoot(issuer.options)],
        controllers: [OrdersController],
        providers: [{ provide: APP_GUARD, useClass: MeddlingGuard }],
      });
      expect((await get('/orders')).status).toBe(401);
      expect((await get('/orders', bearer())).body).toEqual({ subject: 'user-1' });
    });

    it('on the request that Node made, where assignment cannot change it, and nowhere else', async () => {
      const seen: { names?: string[]; assigned?: unknown; principal?: unknown } = {};
      @Controller('looking')
      class LookingController {
        @Get()
        look(@CurrentPrincipal() principal: Principal, @Req() received: Record<string, unknown>) {
          const raw = (received['raw'] ?? received) as Record<symbol, unknown>;
          seen.principal = authenticationOf(raw)?.principal === principal;
          seen.assigned = Reflect.set(raw, Symbol.for('assay.authentication'), 'forged');
          seen.names = ['user', 'principal', 'auth', 'client'].filter((name) =>
            [raw, received].some((holder) => (holder as Record<string, unknown>)[name] === principal),
          );
          return {};
        }
      }
      const get = await startApp({
        imports: [AssayModule.forRoot(issuer.options)],
        controllers: [LookingController],
      });
      expect((await get('/looking', bearer())).status).toBe(200);
      expect(seen).toEqual({ principal: true, assigned: false, names: [] });
    });
  });
});
