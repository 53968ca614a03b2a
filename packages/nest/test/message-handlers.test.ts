import {
  Controller,
  Get,
  UseGuards,
  type INestApplication,
  type INestMicroservice,
  type Type,
} from '@nestjs/common';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import type { ClientProxy, MicroserviceOptions } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Principal } from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  AssayReport,
  CurrentPrincipal,
  OptionalAuthentication,
  Public,
  RequireClaim,
  RequireScope,
  type AssayModuleExtras,
} from '@assay/nest';
import { createTokenBuilder, fixedClock, type FixedClock, type TokenBuilder } from '@assay/testing';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';

let handled: string[] = [];

class OrderMessages {
  @MessagePattern('orders.list')
  list(@CurrentPrincipal() principal: Principal) {
    handled.push('list');
    return { subject: principal.subject };
  }

  @MessagePattern({ cmd: 'orders.create' })
  @RequireScope('orders:write')
  create() {
    handled.push('create');
    return { created: true };
  }

  @MessagePattern('orders.of-tenant')
  @RequireClaim<{ data: { tenant: string } }>(
    'tenant',
    (tenant, { request }) => tenant === request.data.tenant,
  )
  ofTenant(@Payload('tenant') tenant: string) {
    handled.push('of-tenant');
    return { tenant };
  }

  @MessagePattern('orders.health')
  @Public()
  health() {
    return { status: 'ok' };
  }

  @MessagePattern('orders.catalog')
  @OptionalAuthentication()
  catalog(@CurrentPrincipal() principal: Principal | undefined) {
    return { for: principal?.subject ?? 'anonymous' };
  }

  @EventPattern('orders.shipped')
  shipped(@Payload() _order: unknown) {
    handled.push('shipped');
  }

  @MessagePattern('orders.handled')
  @Public()
  handled() {
    return handled;
  }
}

@Controller()
class PlainMessages extends OrderMessages {}

@Controller()
@UseGuards(AssayGuard)
class GuardedMessages extends OrderMessages {}

@Controller()
class PublicMessages {
  @MessagePattern('health')
  @Public()
  health() {
    return { status: 'ok' };
  }

  @Get('routes')
  routes() {
    return {};
  }
}

let clock: FixedClock;
let tokens: TokenBuilder;
let closeAll: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  handled = [];
  clock = fixedClock();
  tokens = await createTokenBuilder({ clock });
});
afterEach(async () => {
  for (const close of closeAll.reverse()) await close();
  closeAll = [];
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const compiled = (controllers: Type[], extras: AssayModuleExtras = {}) =>
  Test.createTestingModule({
    imports: [
      AssayModule.forRoot({
        issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
        audience: tokens.audience,
        clock,
        ...extras,
      }),
    ],
    controllers,
  })
    .setLogger({ log: () => undefined, error: () => undefined, warn: () => undefined })
    .compile();

const clientFor = (port: number): ClientProxy => {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  closeAll.push(async () => {
    await client.close();
  });
  return client;
};

const tcp = (port: number): MicroserviceOptions => ({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port },
});

const startMicroservice = async (controllers: Type[], extras?: AssayModuleExtras) => {
  const port = await freePort();
  const module = await compiled(controllers, extras);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as classes
  const app: INestMicroservice = module.createNestMicroservice<MicroserviceOptions>(tcp(port));
  await app.listen();
  closeAll.push(() => app.close());
  return { app, client: clientFor(port) };
};

const startHybrid = async (
  controllers: Type[],
  { inheritAppConfig, extras }: { readonly inheritAppConfig: boolean; readonly extras?: AssayModuleExtras },
) => {
  const port = await freePort();
  const app: INestApplication = (await compiled(controllers, extras)).createNestApplication();
  closeAll.push(() => app.close());
  app.connectMicroservice<MicroserviceOptions>(tcp(port), { inheritAppConfig });
  await app.startAllMicroservices();
  await app.init();
  return { app, client: clientFor(port) };
};

const ask = (client: ClientProxy, pattern: unknown, data: unknown): Promise<unknown> =>
  firstValueFrom(client.send<unknown>(pattern, data)).catch((error: unknown) => ({ refused: error }));

const bearer = (claims?: Record<string, unknown>) => `Bearer ${tokens.accessToken(claims)}`;

const arrangements = [
  ['a microservice with a global guard', () => startMicroservice([PlainMessages])],
  ['a microservice with a manual guard', () => startMicroservice([GuardedMessages], { guard: 'manual' })],
  [
    'a hybrid application that inherits the global guard',
    () => startHybrid([PlainMessages], { inheritAppConfig: true }),
  ],
  [
    'a hybrid application with the guard on the controller',
    () => startHybrid([GuardedMessages], { inheritAppConfig: false }),
  ],
] as const satisfies (readonly [string, () => Promise<{ readonly client: ClientProxy }>])[];

describe.each(arrangements)('messages of %s', (_arrangement, start) => {
  let client: ClientProxy;
  beforeEach(async () => {
    ({ client } = await start());
  });

  const missing = { status: 401, error_description: 'An access token is required.' };
  const malformed = {
    status: 400,
    error: 'invalid_request',
    error_description: 'The credentials are malformed.',
  };
  const invalid = (error_description: string) => ({ status: 401, error: 'invalid_token', error_description });

  it.each<[string, () => unknown, object]>([
    ['no data at all', () => '', missing],
    ['no credentials', () => ({ id: 1 }), missing],
    ['malformed credentials', () => ({ authorization: 'Bearer a b' }), malformed],
    ['credentials that are no text', () => ({ authorization: { a: 1 } }), malformed],
    [
      'a token that is none',
      () => ({ authorization: 'Bearer nonsense' }),
      invalid('The token is malformed.'),
    ],
    [
      'an expired token',
      () => ({ authorization: bearer({ exp: clock.nowSeconds() - 10 }) }),
      invalid('The token has expired.'),
    ],
    [
      'a token for another API',
      () => ({ authorization: bearer({ aud: 'https://other.example' }) }),
      invalid('The token is not for this audience.'),
    ],
  ])('[attack-31-unprotected-context] refuses a message with %s', async (_case, data, refusal) => {
    expect(await ask(client, 'orders.list', data())).toEqual({
      refused: {
        ...refusal,
        challenge: expect.stringMatching(/^Bearer realm="https:\/\/api\.example"/),
      },
    });
    expect(handled).toEqual([]);
  });

  it('hands the principal to the handler', async () => {
    expect(await ask(client, 'orders.list', { authorization: bearer({ sub: 'ada' }) })).toEqual({
      subject: 'ada',
    });
  });

  it('refuses a message without the scope', async () => {
    const data = { authorization: bearer({ scope: 'orders:read' }) };
    expect(await ask(client, { cmd: 'orders.create' }, data)).toEqual({
      refused: {
        status: 403,
        error: 'insufficient_scope',
        error_description: expect.any(String),
        challenge: expect.stringContaining('scope="orders:write"'),
      },
    });
    expect(handled).toEqual([]);
    const better = { authorization: bearer({ scope: 'orders:write' }) };
    expect(await ask(client, { cmd: 'orders.create' }, better)).toEqual({ created: true });
  });

  it.each([
    ['takes', 'blue', { tenant: 'blue' }],
    ['refuses', 'red', { refused: expect.objectContaining({ status: 403 }) }],
  ])('%s a message by a claim and its data', async (_case, tenant, answer) => {
    const data = { tenant, authorization: bearer({ tenant: 'blue' }) };
    expect(await ask(client, 'orders.of-tenant', data)).toEqual(answer);
  });

  it('leaves public handlers to everyone, and optional ones to the anonymous', async () => {
    expect(await ask(client, 'orders.health', { authorization: 'Bearer nonsense' })).toEqual({
      status: 'ok',
    });
    expect(await ask(client, 'orders.catalog', {})).toEqual({ for: 'anonymous' });
    expect(await ask(client, 'orders.catalog', { authorization: bearer() })).toEqual({ for: 'user-1' });
    expect(await ask(client, 'orders.catalog', { authorization: 'Bearer nonsense' })).toMatchObject({
      refused: { status: 401, error: 'invalid_token' },
    });
  });

  it('drops events without a token', async () => {
    await client.connect();
    client.emit('orders.shipped', {}).subscribe();
    // TCP keeps the order: the question is handled after the event.
    expect(await ask(client, 'orders.handled', {})).toEqual([]);
    client.emit('orders.shipped', { authorization: bearer() }).subscribe();
    expect(await ask(client, 'orders.list', { authorization: bearer() })).toEqual({ subject: 'user-1' });
    expect(handled).toEqual(['shipped', 'list']);
  });
});

describe('set-up of message handlers', () => {
  it('refuses to connect a microservice that the global guard would not see', async () => {
    await expect(startHybrid([PlainMessages], { inheritAppConfig: false })).rejects.toMatchObject({
      name: 'SetupError',
      option: 'PlainMessages.list',
      message: expect.stringMatching(/@UseGuards\(AssayGuard\) on PlainMessages.*inheritAppConfig: true/),
    });
  });

  it('connects one whose handlers are all public', async () => {
    const { client } = await startHybrid([PublicMessages], { inheritAppConfig: false });
    expect(await ask(client, 'health', {})).toEqual({ status: 'ok' });
  });

  it('refuses requirements that no guard enforces', async () => {
    await expect(startMicroservice([PlainMessages], { guard: 'manual' })).rejects.toMatchObject({
      name: 'SetupError',
      option: 'PlainMessages.create',
    });
  });

  it('reports messages and events beside routes', async () => {
    const { app } = await startHybrid([PublicMessages, GuardedMessages], { inheritAppConfig: false });
    const rows = app.get(AssayReport).report();
    expect(rows.map(({ method, path, access }) => `${method} ${path} ${access}`)).toEqual([
      'GET /routes protected',
      'MESSAGE health public',
      'MESSAGE orders.list protected',
      'MESSAGE {"cmd":"orders.create"} protected',
      'MESSAGE orders.of-tenant protected',
      'MESSAGE orders.health public',
      'MESSAGE orders.catalog optional',
      'EVENT orders.shipped protected',
      'MESSAGE orders.handled public',
    ]);
  });
});
