import { describe, it } from '@jest/globals';
import { inMemoryStores } from '@assay/core';
import { describeRecordStore, describeSingleUseStore } from '@assay/testing';

const testFunctions = { describe, it };

describeSingleUseStore(
  ({ clock, maximumEntriesPerOwner }) => ({
    store: inMemoryStores({ clock, maximumEntriesPerOwner }).singleUse,
  }),
  { name: 'the single-use store in memory', testFunctions },
);

describeRecordStore(
  ({ clock, maximumEntriesPerOwner }) => ({
    store: inMemoryStores({ clock, maximumRecordsPerOwner: maximumEntriesPerOwner }).records,
  }),
  { name: 'the record store in memory', testFunctions },
);
