import type { Clock } from '../clock.js';
import type { Principal } from '../principal.js';
import type { Revocation } from '../standing/revocation-store.js';

/** How long and how often a principal is watched. */
export interface WatchOptions {
  /** Ends the watch, for instance when the connection closes. */
  readonly signal?: AbortSignal;
  /** How often is asked whether the token still stands. Units: seconds. Default 30. */
  readonly everySeconds?: number;
}

/** What watching rests on. */
export interface WatchParts {
  readonly clock: Clock;
  /** Rejects once the token has expired, or stands no more. */
  readonly ensureCurrent: (principal: Principal) => Promise<void>;
  /** The first instant at which the token is refused for its age. Units: seconds since the epoch. */
  readonly endOf: (principal: Principal) => Promise<number>;
  /** Whether anybody can withdraw the token before that instant. */
  readonly canBeWithdrawn: boolean;
  /** Tells of revocations as they happen, where somebody does. */
  readonly subscribe?: ((listener: (revocation: Revocation) => void) => () => void) | undefined;
}

const defaultEverySeconds = 30;
// A longer delay would be taken for none.
const longestDelayMs = 2 ** 31 - 1;

/**
 * A signal that is aborted as soon as the token of the principal has expired or was withdrawn, with the `AssayError` as
 * its reason; also when that cannot be told any more. For streams and sockets, which outlive the request that was
 * judged.
 *
 * Keeps no process alive. Whoever closes the connection ends the watch by `signal`.
 */
export function watchPrincipal(
  principal: Principal,
  { clock, ensureCurrent, endOf, canBeWithdrawn, subscribe }: WatchParts,
  { signal: ended, everySeconds = defaultEverySeconds }: WatchOptions,
): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const over = new AbortController();
  const isOver = () => over.signal.aborted;
  let timer: NodeJS.Timeout | undefined;

  function stop(): void {
    over.abort();
    clearTimeout(timer);
    unsubscribe?.();
    ended?.removeEventListener('abort', stop);
  }

  async function askAgain(): Promise<void> {
    if (isOver()) return;
    try {
      await ensureCurrent(principal);
      const leftMs = (await endOf(principal)) * 1000 - clock.nowMs();
      if (isOver()) return;
      const intervalMs = canBeWithdrawn ? everySeconds * 1000 : longestDelayMs;
      clearTimeout(timer);
      timer = setTimeout(
        () => void askAgain(),
        Math.min(Math.max(Math.ceil(leftMs), 1), intervalMs, longestDelayMs),
      );
      timer.unref();
    } catch (error) {
      if (isOver()) return;
      stop();
      controller.abort(error);
    }
  }

  if (ended?.aborted === true) return signal;
  ended?.addEventListener('abort', stop, { once: true });
  const unsubscribe = subscribe?.(({ issuer }) => {
    if (issuer === principal.issuer) void askAgain();
  });
  void askAgain();
  return signal;
}
