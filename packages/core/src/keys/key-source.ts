import type { KeyQuery } from './key-index.js';
import type { VerificationKey } from './verification-key.js';

/**
 * Where an issuer's keys come from: fixed, a key-set URL, or discovery.
 *
 * Error: `service.keys-unavailable` when the question cannot be answered.
 */
export interface KeySource {
  /**
   * The keys that may have signed such a token; none when the source is sure that there is none. Answers at once,
   * without a promise, whenever it can.
   */
  readonly find: (query: KeyQuery) => readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
  /** Loads the keys now, unless they are there, so that a mistake shows at start. */
  readonly ready: () => Promise<void>;
}

/** What happened to a remote key set. Holds no key material and nothing that a caller sent. */
export type KeyEvent =
  | {
      readonly kind: 'fetched';
      readonly issuer: string;
      readonly keys: number;
      /** One reason for each entry that cannot be used. */
      readonly skipped: readonly string[];
      /** What is wrong with keys that are used all the same. */
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'fetch-failed';
      readonly issuer: string;
      readonly error: Error;
      readonly retryInMs: number;
    }
  | {
      readonly kind: 'rotated';
      readonly issuer: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | {
      readonly kind: 'unknown-kid-refused';
      readonly issuer: string;
      /** True where the issuer was not asked, because unknown `kid`s have caused enough fetches. */
      readonly budgetSpent: boolean;
    };

/** Tells a listener of an event. Whatever the listener does, our own work goes on. */
export function tellSafely<Event>(listener: ((event: Event) => unknown) | undefined, event: Event): void {
  try {
    const outcome = listener?.(event);
    if (outcome instanceof Promise) outcome.catch(() => undefined);
  } catch {
    // The listener's own failure is no reason to refuse anybody.
  }
}
