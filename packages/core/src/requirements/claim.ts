import { AssayError } from '../assay-error.js';
import type { Principal } from '../principal.js';
import { SetupError } from '../setup-error.js';
import { unlessTrue, type PredicateContext } from './predicate.js';
import type { AuthorizationContext, Requirement } from './requirement.js';

/** A value that a claim can be compared with. */
export type ClaimValue = string | number | boolean;

/** Whether the value of a claim will do. `undefined` where the token has no such claim. */
export type ClaimPredicate<FrameworkRequest = unknown> = (
  value: unknown,
  context: PredicateContext<FrameworkRequest>,
) => boolean | Promise<boolean>;

/**
 * The claim has this value, or is a list that contains it, or satisfies the predicate. Comparison is exact.
 *
 * Error: `permission.claim-refused`; `service.failed` when the predicate throws or answers anything but a boolean.
 * Throws: `SetupError` for a claim without a name or a value that is not a string, number, boolean or function.
 * Spec: RFC 9068 sections 2.2.3.1 and 4.
 */
export function claim<FrameworkRequest = unknown>(
  name: string,
  expected: ClaimValue | ClaimPredicate<FrameworkRequest>,
): Requirement {
  requireUsable(name, expected);
  const isMet =
    typeof expected === 'function'
      ? (value: unknown, principal: Principal, { request }: AuthorizationContext) =>
          expected(value, { principal, request: request as FrameworkRequest })
      : (value: unknown) => (Array.isArray(value) ? value.includes(expected) : value === expected);
  return {
    description:
      typeof expected === 'function'
        ? `claim ${name}, judged by a function`
        : `claim ${name} ${String(expected)}`,
    async check(principal, context) {
      const value = Object.hasOwn(principal.claims, name) ? principal.claims[name] : undefined;
      return unlessTrue(
        isMet(value, principal, context),
        () =>
          new AssayError('permission.claim-refused', {
            claim: name,
            reason: value === undefined ? 'missing' : 'mismatch',
          }),
      );
    },
  };
}

function requireUsable(name: unknown, expected: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw new SetupError({
      option: 'claim',
      problem: 'the required claim has no name',
      remedy: "Name it as the token does, for instance 'tenant'.",
    });
  }
  if (['string', 'number', 'boolean', 'function'].includes(typeof expected)) return;
  throw new SetupError({
    option: 'claim',
    problem: `${name} is to be compared with something that is no string, number, boolean or function`,
    remedy: 'Give the value, or a function of the value that returns whether it will do.',
  });
}
