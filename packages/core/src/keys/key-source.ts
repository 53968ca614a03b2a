import type { KeyQuery } from './key-set.js';
import type { VerificationKey } from './verification-key.js';

/**
 * Where an issuer's keys come from: fixed, a key-set URL, or discovery.
 *
 * Error: `service.keys-unavailable` when the question cannot be answered.
 */
export interface KeySource {
  /** The keys that may have signed such a token; none when the source is sure that there is none. */
  readonly find: (query: KeyQuery) => readonly VerificationKey[] | Promise<readonly VerificationKey[]>;
  /** Loads the keys now, so that a mistake shows at start. */
  readonly ready: () => Promise<void>;
}

/** What happened to a remote key set. Holds no key material and nothing that a caller sent. */
export type KeyEvent =
  | {
      readonly kind: 'fetched';
      readonly issuer: string;
      readonly keys: number;
      readonly skipped: readonly string[];
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
  | { readonly kind: 'unknown-kid-refused'; readonly issuer: string };
