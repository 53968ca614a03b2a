import type { Server } from 'node:http';
import { Controller, Get, Scope, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Requirement } from '@assay/core';
import {
  AssayModule,
  Audience,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  Require,
  RequireAnyScope,
  RequireScope,
} from '@assay/nest';
import { createTestIssuer, type TestIssuer } from '@assay/testing';
import request from 'supertest';
import { platforms } from './platforms.js';

const calls: string[] = [];
const called = (handler: string) => {
  calls.push(handler);
  return {};
};

/** A decorator that puts its own function in the place of the method, as tracing and caching decorators do. */
function Wrapped(): MethodDecorator {
  return (_target, _property, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    } as never;
  };
}

@Controller('stacked')
class StackedController {
  @Get()
  @RequireScope('a')
  @RequireAnyScope('b', 'c')
  @Require({ description: 'the subject user-1', check: ({ subject }) => refuseUnless(subject === 'user-1') })
  stacked() {
    return called('stacked');
  }

  @Get('wrapped-below')
  @RequireScope('a')
  @Wrapped()
  wrappedBelow() {
    return called('wrappedBelow');
  }

  @Get('wrapped-above')
  @Wrapped()
  @RequireScope('a')
  wrappedAbove() {
    return called('wrappedAbove');
  }
}

@Controller('accumulated')
@RequireScope('class')
class AccumulatedController {
  @Get()
  @RequireScope('method')
  both() {
    return called('both');
  }

  @Get('class-only')
  classOnly() {
    return called('classOnly');
  }

  @Get('public')
  @Public()
  open() {
    return called('open');
  }
}

@RequireScope('base-class')
abstract class BaseController {
  @Get('inherited')
  @RequireScope('base-method')
  inherited() {
    return called('inherited');
  }

  @Get('overridden')
  @RequireScope('base-method')
  overridden() {
    return called('overridden of the base');
  }

  @Get('opened')
  @RequireScope('base-method')
  opened() {
    return called('opened of the base');
  }

  @Get('base-public')
  @Public()
  basePublic() {
    return called('basePublic');
  }

  @Get('base-public-overridden')
  @Public()
  basePublicOverridden() {
    return called('basePublicOverridden of the base');
  }
}

abstract class MiddleController extends BaseController {
  @Get('overridden')
  @RequireScope('middle-method')
  override overridden() {
    return called('overridden of the middle');
  }
}

@Controller('extended')
@RequireScope('class')
class ExtendedController extends MiddleController {
  @Get('overridden')
  override overridden() {
    return called('overridden');
  }

  @Get('opened')
  @Public()
  override opened() {
    return called('opened');
  }

  @Get('base-public-overridden')
  override basePublicOverridden() {
    return called('basePublicOverridden');
  }
}

@Public()
abstract class PublicBaseController {
  @Get('inherited')
  inherited() {
    return called('inherited');
  }
}

@Controller('public-base')
class ExtendedPublicController extends PublicBaseController {
  @Get('added')
  added() {
    return called('added');
  }
}

abstract class PlainBaseController {
  @Get('inherited')
  inherited() {
    return called('inherited');
  }
}

@Controller('opened')
@Public()
class OpenedController extends PlainBaseController {}

@Controller('reopened')
@Public()
class ReopenedController extends BaseController {
  @Get('added')
  added() {
    return called('added');
  }

  @Get('inherited')
  @Public()
  override inherited() {
    return called('inherited');
  }

  @Get('overridden')
  @Public()
  override overridden() {
    return called('overridden');
  }

  @Get('opened')
  @Public()
  override opened() {
    return called('opened');
  }
}

@Controller('optional')
@OptionalAuthentication()
@Audience('https://api.example')
class OptionalController {
  @Get()
  read() {
    return called('read');
  }

  @Get('closed')
  @RequireScope('a')
  closed() {
    return called('closed');
  }

  @Get('public')
  @Public()
  open() {
    return called('open');
  }
}

@Controller('audience')
@Audience('https://api.example/second')
class AudienceController {
  @Get()
  @RequireScope('a')
  narrowed() {
    return called('narrowed');
  }
}

@Controller({ path: 'per-request', scope: Scope.REQUEST })
@RequireScope('class')
class PerRequestController {
  @Get()
  @RequireScope('method')
  both() {
    return called('both');
  }
}

/** Its handlers are functions of the instance, as tracing libraries leave them. */
@Controller('instance')
class InstanceController {
  constructor() {
    this.named = withName('named', this.named.bind(this));
    this.renamed = withName('anything', this.renamed.bind(this));
  }

  @Get('named')
  @RequireScope('a')
  named() {
    return called('named');
  }

  @Get('renamed')
  @RequireScope('a')
  renamed() {
    return called('renamed');
  }

  @Get('principal')
  @RequireScope('a')
  principal(@CurrentPrincipal() principal: unknown) {
    return { ...called('principal'), known: principal !== undefined };
  }
}

function withName<Method extends (...args: never[]) => unknown>(name: string, method: Method): Method {
  // What Nest's own decorators have put on the method, tracing libraries copy.
  return Object.defineProperty(method, 'name', { value: name });
}

function refuseUnless(met: boolean): ReturnType<Requirement['check']> {
  if (met) return undefined;
  throw new Error('not user-1');
}

describe.each(platforms)('requirements on %s', (_platform, start) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = await start({
      imports: [
        AssayModule.forRoot({
          ...issuer.options,
          audience: ['https://api.example', 'https://api.example/second'],
        }),
      ],
      controllers: [
        StackedController,
        AccumulatedController,
        ExtendedController,
        ExtendedPublicController,
        OpenedController,
        ReopenedController,
        OptionalController,
        AudienceController,
        PerRequestController,
        InstanceController,
      ],
    });
  });
  afterAll(async () => {
    await issuer.close();
    await app.close();
  });
  beforeEach(() => {
    calls.length = 0;
  });

  /** The status of a request with these claims in its token, or without a token. */
  const statusOf = async (path: string, claims?: Record<string, unknown>): Promise<number> => {
    const sent = request(app.getHttpServer()).get(path);
    if (claims !== undefined) sent.set('Authorization', `Bearer ${issuer.accessToken(claims)}`);
    return (await sent).status;
  };
  const scoped = (scope: string) => ({ scope });

  describe('accumulate', () => {
    it.each([
      ['/stacked', 'a b', 200],
      ['/stacked', 'a c', 200],
      ['/stacked', 'a', 403],
      ['/stacked', 'b c', 403],
    ])('on one method: %s with scope "%s" is %i', async (path, scope, status) => {
      expect(await statusOf(path, scoped(scope))).toBe(status);
      expect(calls).toEqual(status === 200 ? ['stacked'] : []);
    });

    it('on one method: with a hook of its own', async () => {
      expect(await statusOf('/stacked', { scope: 'a b', sub: 'user-2' })).toBe(500);
      expect(calls).toEqual([]);
    });

    it.each([
      ['/accumulated', 'class method', 200],
      ['/accumulated', 'class', 403],
      ['/accumulated', 'method', 403],
      ['/accumulated/class-only', 'class', 200],
      ['/accumulated/class-only', 'method', 403],
      ['/per-request', 'class method', 200],
      ['/per-request', 'class', 403],
      ['/per-request', 'method', 403],
    ])('of method and class: %s with scope "%s" is %i', async (path, scope, status) => {
      expect(await statusOf(path, scoped(scope))).toBe(status);
      expect(calls).toHaveLength(status === 200 ? 1 : 0);
    });

    it.each([
      ['/extended/inherited', 'class base-class base-method', 200],
      ['/extended/inherited', 'class base-class', 403],
      ['/extended/inherited', 'class base-method', 403],
      ['/extended/inherited', 'base-class base-method', 403],
      ['/extended/overridden', 'class base-class base-method middle-method', 200],
      ['/extended/overridden', 'class base-class middle-method', 403],
      ['/extended/overridden', 'class base-class base-method', 403],
    ])(
      'through base classes and overridden methods: %s with scope "%s" is %i',
      async (path, scope, status) => {
        expect(await statusOf(path, scoped(scope))).toBe(status);
        expect(calls).toEqual(status === 200 ? [path.split('/').at(-1)] : []);
      },
    );
  });

  describe('stay with their method', () => {
    it.each([
      ['below the requirement', '/stacked/wrapped-below'],
      ['above the requirement', '/stacked/wrapped-above'],
    ])('when a decorator %s puts its own function in its place', async (_case, path) => {
      expect(await statusOf(path, scoped('b'))).toBe(403);
      expect(calls).toEqual([]);
      expect(await statusOf(path, scoped('a'))).toBe(200);
    });

    it('when the instance wraps it under its name', async () => {
      expect(await statusOf('/instance/named', scoped('b'))).toBe(403);
      expect(calls).toEqual([]);
      expect(await statusOf('/instance/named', scoped('a'))).toBe(200);
    });

    it('or, where the instance puts an unknown function in its place, refuse every request', async () => {
      expect(await statusOf('/instance/renamed', scoped('a'))).toBe(500);
      expect(calls).toEqual([]);
    });
  });

  describe('Public', () => {
    it.each([
      ['on a method overrides its class', '/accumulated/public'],
      ['on a method overrides what it overrides', '/extended/opened'],
      ['on a base method overrides the classes', '/extended/base-public'],
      ['on a base class opens what is inherited from it', '/public-base/inherited'],
      ['on a class opens what it inherits', '/opened/inherited'],
      ['on a class opens what it adds', '/reopened/added'],
      ['on a class overrides its base class', '/reopened/base-public'],
    ])('%s: no token is needed', async (_case, path) => {
      expect(await statusOf(path)).toBe(200);
      expect(await statusOf(path, { exp: 1 })).toBe(200);
      expect(calls).toHaveLength(2);
    });

    it.each([
      ['on a base method does not open the method that overrides it', '/extended/base-public-overridden'],
      ['on a base class does not open what another class adds', '/public-base/added'],
    ])('%s', async (_case, path) => {
      expect(await statusOf(path)).toBe(401);
      expect(calls).toEqual([]);
    });

    it('on a base method leaves the requirements of the classes to the method that overrides it', async () => {
      expect(await statusOf('/extended/base-public-overridden', scoped('class'))).toBe(403);
      expect(await statusOf('/extended/base-public-overridden', scoped('class base-class'))).toBe(200);
      expect(calls).toEqual(['basePublicOverridden']);
    });
  });

  describe('OptionalAuthentication on a class', () => {
    it('lets a request without a token pass, and judges the audience of one that is there', async () => {
      expect(await statusOf('/optional')).toBe(200);
      expect(await statusOf('/optional', {})).toBe(200);
      expect(await statusOf('/optional', { aud: 'https://api.example/second' })).toBe(401);
      expect(calls).toEqual(['read', 'read']);
    });

    it('asks for a token where a method has a requirement', async () => {
      expect(await statusOf('/optional/closed')).toBe(401);
      expect(await statusOf('/optional/closed', {})).toBe(403);
      expect(calls).toEqual([]);
      expect(await statusOf('/optional/closed', scoped('a'))).toBe(200);
    });

    it('gives way to Public on a method', async () => {
      expect(await statusOf('/optional/public', { exp: 1 })).toBe(200);
    });
  });

  describe('Audience', () => {
    const second = 'https://api.example/second';

    it('lets a token for that audience pass', async () => {
      expect(await statusOf('/audience', { scope: 'a', aud: second })).toBe(200);
      expect(await statusOf('/audience', { scope: 'a', aud: ['https://api.example', second] })).toBe(200);
    });

    it('refuses a token for another audience of the resource server with 401, before its scope is judged', async () => {
      const response = await request(app.getHttpServer())
        .get('/audience')
        .set('Authorization', `Bearer ${issuer.accessToken({ scope: 'b' })}`);
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
      expect(calls).toEqual([]);
    });

    it('accumulates with a scope', async () => {
      expect(await statusOf('/audience', { scope: 'b', aud: second })).toBe(403);
      expect(calls).toEqual([]);
    });
  });
});
