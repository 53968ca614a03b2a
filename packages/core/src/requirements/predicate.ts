import { AssayError } from '../assay-error.js';
import type { Principal } from '../principal.js';

/** What a predicate sees beside what it judges: whose token it is, and the framework's own request. */
export interface PredicateContext<FrameworkRequest = unknown> {
  readonly principal: Principal;
  readonly request: FrameworkRequest;
}

/**
 * Nothing where the application's predicate says true, and the refusal where it says false. One that says something
 * else has not answered: that is our failure, not the caller's.
 */
export async function unlessTrue(
  answer: unknown,
  refusal: () => AssayError,
): Promise<AssayError | undefined> {
  const decided = await answer;
  if (decided === true) return undefined;
  return decided === false ? refusal() : new AssayError('service.failed');
}
