import { AssayError } from '../assay-error.js';
import type { FailureCode } from '../failures.js';
import type { Reservation, SingleUseStore } from './single-use-store.js';

/**
 * Uses up what may be used once. To be called when nothing else can refuse the request any more.
 *
 * Anything but the one good answer of the store refuses.
 *
 * Error: the given code for what was used before; `service.single-use-store-unavailable` where that cannot be told.
 */
export async function useUp(
  store: SingleUseStore,
  reservation: Reservation,
  codeOfReplay: FailureCode,
): Promise<void> {
  const answer: unknown = await reserve(store, reservation);
  if (answer === 'replayed') throw new AssayError(codeOfReplay, { claim: 'jti', reason: 'mismatch' });
  if (answer !== 'reserved') throw new AssayError('service.single-use-store-unavailable');
}

async function reserve(store: SingleUseStore, reservation: Reservation): Promise<unknown> {
  try {
    return await store.reserve(reservation);
  } catch (cause) {
    throw new AssayError('service.single-use-store-unavailable', { cause });
  }
}
