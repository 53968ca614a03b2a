import { createServer, type AddressInfo } from 'node:net';
import { Controller, UseGuards, type Type } from '@nestjs/common';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Principal } from '@assay/core';
import { AssayGuard, CurrentPrincipal, Public, RequireScope } from '@assay/nest';
import { firstValueFrom } from 'rxjs';
import { bearer, challenge, createdOnExpress, microservice } from './start.js';

let handled: string[] = [];

class OrderHandlers {
  @MessagePattern('orders.list')
  list(@CurrentPrincipal() principal: Principal) {
    handled.push('list');
    return { subject: principal.subject };
  }

  @MessagePattern('orders.create')
  @RequireScope('orders:write')
  create() {
    handled.push('create');
    return { created: true };
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
class OrderMessages extends OrderHandlers {}

@Controller()
@UseGuards(AssayGuard)
class GuardedMessages extends OrderHandlers {}

let close: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  handled = [];
});
afterEach(async () => {
  for (const each of close.reverse()) await each();
  close = [];
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const tcp = (port: number) => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port } }) as const;

const clientOf = (port: number): ClientProxy => {
  const client = ClientProxyFactory.create(tcp(port));
  close.push(async () => {
    await client.close();
  });
  return client;
};

const alone = async (controller: Type): Promise<ClientProxy> => {
  const port = await freePort();
  const module = await microservice({ controllers: [controller] }, {});
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as classes
  const app = module.createNestMicroservice<MicroserviceOptions>(tcp(port));
  await app.listen();
  close.push(() => app.close());
  return clientOf(port);
};

const hybrid = async (controller: Type, inheritAppConfig: boolean): Promise<ClientProxy> => {
  const port = await freePort();
  const app = await createdOnExpress({ controllers: [controller] });
  close.push(() => app.close());
  app.connectMicroservice<MicroserviceOptions>(tcp(port), { inheritAppConfig });
  await app.startAllMicroservices();
  await app.init();
  return clientOf(port);
};

const ask = (client: ClientProxy, pattern: string, data: unknown): Promise<unknown> =>
  firstValueFrom(client.send<unknown>(pattern, data)).catch((error: unknown) => ({ refused: error }));

describe.each<[string, () => Promise<ClientProxy>]>([
  ['a microservice with the global guard', () => alone(OrderMessages)],
  ['a hybrid application that inherits the global guard', () => hybrid(OrderMessages, true)],
  ['a hybrid application with the guard on the controller', () => hybrid(GuardedMessages, false)],
])('messages over TCP on Nest 11, of %s', (_case, start) => {
  it('are refused without a token, and without the scope', async () => {
    const client = await start();
    expect(await ask(client, 'orders.list', { id: 1 })).toEqual({
      refused: { status: 401, error_description: 'An access token is required.', challenge },
    });
    const authorization = await bearer({ scope: 'orders:read' });
    expect(await ask(client, 'orders.create', { authorization })).toMatchObject({
      refused: {
        status: 403,
        error: 'insufficient_scope',
        challenge: expect.stringContaining('scope="orders:write"'),
      },
    });
    expect(handled).toEqual([]);
    expect(await ask(client, 'orders.list', { authorization: await bearer({ sub: 'ada' }) })).toEqual({
      subject: 'ada',
    });
  });

  it('are dropped without a token where they are events', async () => {
    const client = await start();
    await client.connect();
    client.emit('orders.shipped', {}).subscribe();
    // TCP keeps the order: the question is handled after the event.
    expect(await ask(client, 'orders.handled', {})).toEqual([]);
    const authorization = await bearer();
    client.emit('orders.shipped', { authorization }).subscribe();
    await ask(client, 'orders.list', { authorization });
    expect(handled).toEqual(['shipped', 'list']);
  });
});

describe('a hybrid application on Nest 11', () => {
  it('does not connect a microservice that the global guard would not see', async () => {
    await expect(hybrid(OrderMessages, false)).rejects.toMatchObject({
      name: 'SetupError',
      option: 'OrderMessages.list',
      remedy: expect.stringContaining('inheritAppConfig: true'),
    });
  });
});
