import { afterAll, beforeAll, describe } from '@jest/globals';
import { clusterClients, type OpenClient } from './support/clients.js';
import { describeContracts } from './support/describe-contracts.js';
import { describeWithRedis } from './support/describe-with-redis.js';
import { startRedisCluster, type RedisClusterServers } from './support/redis-server.js';

describeWithRedis('the stores on Redis Cluster', () => {
  let servers: RedisClusterServers;
  beforeAll(async () => {
    servers = await startRedisCluster();
  });
  afterAll(() => servers.stop());

  describe.each(Object.entries(clusterClients))('with %s', (_name, open) => {
    let clients: [OpenClient, OpenClient];
    beforeAll(async () => {
      clients = [await open(servers.nodes), await open(servers.nodes)];
    });
    afterAll(() => Promise.all(clients.map(({ close }) => close())));

    describeContracts(() => clients);
  });
});
