import type { Server } from 'node:http';
import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Principal, SetupError } from '@assay/core';
import {
  AssayModule,
  AssayReport,
  CurrentPrincipal,
  RequireActor,
  RequireAuthorizationDetail,
  RequireScope,
  RequireStepUp,
} from '@assay/nest';
import { createTestIssuer, fixedClock, type TestIssuer } from '@assay/testing';
import request from 'supertest';
import { platforms } from './platforms.js';

const clock = fixedClock(1_800_000_000);
const calls: string[] = [];
const called = (handler: string) => {
  calls.push(handler);
  return {};
};

@RequireStepUp({ acrValues: ['gold', 'platinum'] })
abstract class StrongController {
  @Get('inherited')
  @RequireStepUp({ maxAgeSeconds: 300 })
  inherited() {
    return called('inherited');
  }

  @Get('overridden')
  @RequireStepUp({ maxAgeSeconds: 300 })
  overridden(): object {
    return called('overridden of the base');
  }
}

@Controller('step-up')
@RequireScope('read')
class StepUpController extends StrongController {
  @Get('of-the-class')
  ofTheClass() {
    return called('ofTheClass');
  }

  @Get('overridden')
  @RequireStepUp({ acrValues: ['diamond', 'platinum'], maxAgeSeconds: 60 })
  override overridden() {
    return called('overridden');
  }

  @Post('scope')
  @RequireScope('write')
  write() {
    return called('write');
  }
}

@Controller('mailboxes')
@RequireActor({ actors: ['svc-assistant', 'svc-archive'], maximumDepth: 2 })
class MailboxController {
  @Get()
  list(@CurrentPrincipal() { subject, actors }: Principal) {
    return { ...called('list'), for: subject, by: actors.map((actor) => actor.subject) };
  }

  @Get('narrowed')
  @RequireActor({ actors: ['svc-assistant'], maximumDepth: 1 })
  narrowed() {
    return called('narrowed');
  }

  @Get(':owner')
  @RequireActor({
    actors: (_actor, { principal, request: { params } }) => principal.subject === params['owner'],
  })
  own() {
    return called('own');
  }

  @Post()
  @RequireScope('mail:send')
  send(@CurrentPrincipal() { scopes }: Principal) {
    return { ...called('send'), scopes };
  }
}

@Controller('payments')
@RequireAuthorizationDetail({ type: 'payment_initiation' })
class PaymentController {
  @Get()
  @RequireAuthorizationDetail({ type: 'payment_initiation', actions: ['status'] })
  status() {
    return called('status');
  }

  @Post(':account')
  @RequireAuthorizationDetail({
    type: 'payment_initiation',
    actions: ['initiate'],
    satisfies: ({ identifier }, { request: { params } }) => identifier === params['account'],
  })
  initiate(@CurrentPrincipal() { authorizationDetails }: Principal) {
    return { ...called('initiate'), details: authorizationDetails };
  }
}

@RequireStepUp({ acrValues: ['gold'] })
abstract class GoldController {}

@Controller('contradiction')
class ContradictionController extends GoldController {
  @Get()
  @RequireStepUp({ acrValues: ['silver'], maxAgeSeconds: 300 })
  handler() {
    return called('handler');
  }
}

describe.each(platforms)('delegation and step-up on %s', (_platform, start) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;

  beforeAll(async () => {
    issuer = await createTestIssuer({ clock });
    app = await start({
      imports: [
        AssayModule.forRoot({
          ...issuer.options,
          scopesOfActor: ({ subject }) => (subject === 'svc-assistant' ? ['mail:send'] : []),
        }),
      ],
      controllers: [StepUpController, MailboxController, PaymentController],
    });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });
  beforeEach(() => {
    calls.length = 0;
  });

  const send = async (method: 'get' | 'post', path: string, claims: Record<string, unknown>) => {
    const { status, headers, body } = await request(app.getHttpServer())
      [method](path)
      .set('Authorization', `Bearer ${issuer.accessToken(claims)}`);
    return { status, challenge: headers['www-authenticate'], body: body as unknown };
  };

  describe('RequireStepUp', () => {
    const insufficient =
      'Bearer realm="https://api.example", error="insufficient_user_authentication", ' +
      'error_description="The user has to be authenticated more strongly, or more recently."';
    const login = (acr: string, secondsAgo: number) => ({
      acr,
      auth_time: clock.nowSeconds() - secondsAgo,
      scope: 'read write',
    });

    it.each([
      ['/step-up/of-the-class', login('gold', 9999), 200],
      ['/step-up/of-the-class', login('silver', 0), 401],
      ['/step-up/inherited', login('gold', 300), 200],
      ['/step-up/inherited', login('gold', 301), 401],
      ['/step-up/inherited', login('silver', 0), 401],
      ['/step-up/overridden', login('platinum', 60), 200],
      ['/step-up/overridden', login('platinum', 61), 401],
      ['/step-up/overridden', login('gold', 0), 401],
      ['/step-up/overridden', login('diamond', 0), 401],
    ])(
      'accumulates over methods, classes and inheritance: %s with %j is %i',
      async (path, claims, status) => {
        expect((await send('get', path, claims)).status).toBe(status);
        expect(calls).toHaveLength(status === 200 ? 1 : 0);
      },
    );

    it.each([
      ['/step-up/of-the-class', ', acr_values="gold platinum"'],
      ['/step-up/inherited', ', acr_values="gold platinum", max_age="300"'],
      ['/step-up/overridden', ', acr_values="platinum", max_age="60"'],
    ])('challenges with what satisfies all of them: %s', async (path, demand) => {
      expect(await send('get', path, login('silver', 0))).toMatchObject({
        status: 401,
        challenge: `${insufficient}${demand}`,
      });
    });

    it('names the scopes that are missing beside', async () => {
      expect(await send('post', '/step-up/scope', { ...login('silver', 0), scope: undefined })).toMatchObject(
        {
          status: 401,
          challenge: `${insufficient}, acr_values="gold platinum", scope="write read"`,
        },
      );
      expect((await send('post', '/step-up/scope', { ...login('gold', 0), scope: 'read' })).status).toBe(403);
      expect(calls).toEqual([]);
    });
  });

  it('does not start with demands that no login satisfies together', async () => {
    const imports = [AssayModule.forRoot(issuer.options)];
    const starting = start({ imports, controllers: [ContradictionController] });
    await expect(starting).rejects.toBeInstanceOf(SetupError);
    await expect(starting).rejects.toMatchObject({
      option: 'ContradictionController.handler',
      remedy: 'Name an acr that all of them accept, or keep one of the decorators.',
    });
  });

  it.each([
    ['RequireStepUp', () => RequireStepUp({ maxAgeSeconds: 1.5 })],
    ['RequireActor', () => RequireActor({ actors: [] })],
    ['RequireAuthorizationDetail', () => RequireAuthorizationDetail({ type: '' })],
  ])('refuses an impossible %s at once', (_decorator, decorate) => {
    expect(decorate).toThrow(SetupError);
  });

  describe('RequireActor', () => {
    const by = (...subjects: readonly string[]) =>
      subjects.reduceRight<unknown>(
        (act, sub) => ({ sub, ...(act === undefined ? {} : { act }) }),
        undefined,
      );

    it('names actors and user to the handler', async () => {
      expect(await send('get', '/mailboxes', { act: by('svc-archive', 'svc-assistant') })).toMatchObject({
        status: 200,
        body: { for: 'user-1', by: ['svc-archive', 'svc-assistant'] },
      });
    });

    it.each([
      ['/mailboxes', [], 403],
      ['/mailboxes', ['svc-other', 'svc-assistant'], 403],
      ['/mailboxes', ['svc-assistant', 'svc-a', 'svc-b'], 403],
      ['/mailboxes/narrowed', ['svc-assistant'], 200],
      ['/mailboxes/narrowed', ['svc-archive'], 403],
      ['/mailboxes/narrowed', ['svc-assistant', 'svc-archive'], 403],
      ['/mailboxes/user-1', ['svc-assistant'], 200],
      ['/mailboxes/user-2', ['svc-assistant'], 403],
      ['/mailboxes/user-1', ['svc-other'], 403],
    ])('accumulates over method and class: %s by %j is %i', async (path, actors, status) => {
      const { challenge = '', ...answer } = await send('get', path, { act: by(...actors) });
      expect(answer.status).toBe(status);
      expect(challenge).not.toMatch(/scope=|svc-/);
      expect(calls).toHaveLength(status === 200 ? 1 : 0);
    });

    it('lets an actor use no scope that it does not have itself', async () => {
      const scope = 'mail:send mail:read';
      expect(await send('post', '/mailboxes', { scope, act: by('svc-assistant') })).toMatchObject({
        status: 201,
        body: { scopes: ['mail:send'] },
      });
      const refused = await send('post', '/mailboxes', { scope, act: by('svc-archive') });
      expect(refused.status).toBe(403);
      expect(refused.challenge).not.toContain('scope=');
    });
  });

  describe('RequireAuthorizationDetail', () => {
    const detail = { type: 'payment_initiation', actions: ['initiate'], identifier: 'account-1' };

    it.each([
      ['get', '/payments', [{ type: 'payment_initiation', actions: ['status'] }], 200],
      ['get', '/payments', [detail], 403],
      ['get', '/payments', undefined, 403],
      ['post', '/payments/account-1', [detail], 201],
      ['post', '/payments/account-2', [detail], 403],
      ['post', '/payments/account-1', [{ ...detail, locations: ['https://other.example'] }], 403],
    ] as const)(
      'accumulates over method and class: %s %s with %j is %i',
      async (method, path, details, status) => {
        const answer = await send(method, path, { authorization_details: details });
        expect(answer.status).toBe(status);
        expect(calls).toHaveLength(status < 300 ? 1 : 0);
      },
    );

    it('shows the details to the handler', async () => {
      const { body } = await send('post', '/payments/account-1', { authorization_details: [detail] });
      expect(body).toEqual({ details: [detail] });
    });
  });

  it('stands in the report', () => {
    const report = app.get(AssayReport).report();
    const of = (wanted: string) => report.find(({ handler }) => handler === wanted)?.requirements;
    expect(of('StepUpController.inherited')).toEqual([
      'authentication no longer than 300 s ago',
      'scope read',
      'authentication by acr gold or platinum',
    ]);
    expect(of('MailboxController.narrowed')).toEqual([
      'actor svc-assistant, at most 1 deep',
      'actor svc-assistant or svc-archive, at most 2 deep',
    ]);
    expect(of('PaymentController.status')).toEqual([
      'authorization detail payment_initiation, actions status',
      'authorization detail payment_initiation',
    ]);
  });
});
