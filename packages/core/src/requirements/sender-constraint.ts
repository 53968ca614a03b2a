import { AssayError } from '../assay-error.js';
import { confirmationOf } from '../binding/confirmation.js';
import type { SenderConstraint } from '../binding/sender-policy.js';
import { SetupError } from '../setup-error.js';
import type { Requirement } from './requirement.js';

/**
 * The token is bound to a key of its sender in this way: by DPoP, by a client certificate, or by either. That the sender
 * holds the key was proven when the request was authenticated.
 *
 * Error: 401 `token.confirmation-missing`, with a DPoP challenge where that would do.
 * Throws: `SetupError` for another word.
 * Spec: RFC 9700 section 2.2.1; RFC 9449 section 7.1; RFC 8705 section 3.
 */
export function senderConstraint(expected: SenderConstraint | 'any'): Requirement {
  if (!['dpop', 'mtls', 'any'].includes(expected)) {
    throw new SetupError({
      option: 'senderConstraint',
      problem: 'there is no such constraint',
      remedy: "Use 'dpop', 'mtls' or 'any'.",
    });
  }
  return {
    description: `sender constraint ${expected}`,
    check: ({ claims }) =>
      constraintsOf(claims).some((constraint) => expected === 'any' || expected === constraint)
        ? undefined
        : new AssayError('token.confirmation-missing', {
            claim: 'cnf',
            reason: 'missing',
            ...(expected === 'mtls' ? {} : { acceptableSchemes: ['DPoP'] }),
          }),
  };
}

function constraintsOf(claims: Parameters<typeof confirmationOf>[0]): readonly SenderConstraint[] {
  const reading = confirmationOf(claims);
  if (reading.kind !== 'bound') return [];
  const { jkt, 'x5t#S256': x5tS256 } = reading.to;
  return [
    ...(jkt === undefined ? [] : (['dpop'] as const)),
    ...(x5tS256 === undefined ? [] : (['mtls'] as const)),
  ];
}
