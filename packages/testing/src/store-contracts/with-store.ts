import type { MakeStore, StoreContractOptions, StoreUnderTest } from './store-under-test.js';
import { timelineFor, type Timeline } from './timeline.js';

/** The share that the suites ask for, unless a test is about it. */
const ampleShare = 1000;

/** Runs one test with a store of its own, and closes it however the test ends. */
export async function withStore<Store>(
  make: MakeStore<Store>,
  options: StoreContractOptions,
  test: (context: Required<Omit<StoreUnderTest<Store>, 'close'>> & { time: Timeline }) => Promise<void>,
  maximumEntriesPerOwner = ampleShare,
): Promise<void> {
  const time = timelineFor(options);
  const { store, otherInstance = store, close } = await make({ clock: time.clock, maximumEntriesPerOwner });
  try {
    await test({ store, otherInstance, time });
  } finally {
    await close?.();
  }
}
