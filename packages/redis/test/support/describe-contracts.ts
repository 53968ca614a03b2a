import { randomUUID } from 'node:crypto';
import { describe, it } from '@jest/globals';
import { redisStores, type RedisStores } from '@assay/redis';
import { describeRecordStore, describeSingleUseStore, type StoreSetting } from '@assay/testing';
import type { OpenClient } from './clients.js';

/** Both contracts, each test with a prefix of its own and two clients in turn. */
export function describeContracts(clients: () => readonly [OpenClient, OpenClient]): void {
  // Redis goes by its own time, and with clocks that do not differ it forgets when it has to.
  const options = { testFunctions: { describe, it }, realTime: true, remembersLongerSeconds: 0.1 };
  const storesFor = ({ clock, maximumEntriesPerOwner }: StoreSetting): [RedisStores, RedisStores] => {
    const settings = {
      clock,
      keyPrefix: `test:${randomUUID()}:`,
      maximumEntriesPerOwner,
      maximumRecordsPerOwner: maximumEntriesPerOwner,
      maximumClockDifferenceSeconds: 0,
    };
    const [first, second] = clients();
    return [redisStores(first.client, settings), redisStores(second.client, settings)];
  };

  describeSingleUseStore((setting) => {
    const [stores, others] = storesFor(setting);
    return { store: stores.singleUse, otherInstance: others.singleUse };
  }, options);

  describeRecordStore((setting) => {
    const [stores, others] = storesFor(setting);
    return { store: stores.records, otherInstance: others.records };
  }, options);
}
