import type { Clock } from '@assay/core';
import type { TestFunctions } from './test-functions.js';

/** What a contract suite asks of the store that it is given. */
export interface StoreSetting {
  /** The time that the suite goes by. A store that has a clock takes this one. */
  readonly clock: Clock;
  /** How many entries one owner may hold in the store. */
  readonly maximumEntriesPerOwner: number;
}

/** A fresh store for one test. */
export interface StoreUnderTest<Store> {
  readonly store: Store;
  /** Another instance that shares what the first one knows: half of the simultaneous calls go to it. Default: the same. */
  readonly otherInstance?: Store;
  /** Called when the test is over, however it ended. */
  readonly close?: () => void | Promise<void>;
}

/** Makes a fresh, empty store for one test. */
export type MakeStore<Store> = (
  setting: StoreSetting,
) => StoreUnderTest<Store> | Promise<StoreUnderTest<Store>>;

/** How a contract suite treats the store. */
export interface StoreContractOptions {
  /** The title of the suite. */
  readonly name?: string;
  /**
   * The store goes by the time of the machine, or of a server, and not by the clock that it is given. The suite then
   * waits, a few seconds in all. Default: false.
   */
  readonly realTime?: boolean;
  /**
   * How much longer than it has to a store may remember. Units: seconds.
   * Default: 0, and 1 in real time.
   */
  readonly remembersLongerSeconds?: number;
  /** `describe` and `it` of the test runner. Default: the global ones. */
  readonly testFunctions?: TestFunctions;
}
