import { afterAll, beforeAll, describe } from '@jest/globals';
import { singleClients, type OpenClient } from './support/clients.js';
import { describeContracts } from './support/describe-contracts.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import { startRedis, type RedisServer } from './support/redis-server.js';

describeWithRedis('the stores on a single Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  describe.each(Object.entries(singleClients))('with %s', (_name, open) => {
    let clients: [OpenClient, OpenClient];
    beforeAll(async () => {
      clients = [await open(server), await open(server)];
    });
    afterAll(() => Promise.all(clients.map(({ close }) => close())));

    describeContracts(() => clients);
  });
});
