import { AssayError } from '../assay-error.js';
import type { Requirement } from './requirement.js';
import { combinedStepUp, type StepUpDemand } from './step-up-demand.js';

/**
 * The refusal, joined with what else another token has to bring. A client that is told of the login today and of the
 * scope tomorrow sends its user away twice: where the authentication falls short, the one challenge names all that the
 * route demands of it, and the scopes that are missing beside.
 *
 * A refusal that no other token cures stays as it is.
 *
 * Spec: RFC 9470 section 3.
 */
export async function joinedRefusal(
  refusal: AssayError,
  requirements: readonly Requirement[],
  judged: (requirement: Requirement) => Promise<AssayError | undefined>,
): Promise<AssayError> {
  if (!isCuredByAnotherToken(refusal)) return refusal;
  const refusals = [refusal];
  for (const requirement of requirements) {
    if (requirement.stepUp === undefined && requirement.disclosedScopes === undefined) continue;
    const other = await judged(requirement);
    if (other !== undefined) refusals.push(other);
  }
  // Nobody is to be sent to log in again for what stays forbidden.
  const incurable = refusals.find((other) => !isCuredByAnotherToken(other));
  if (incurable !== undefined) return incurable;
  const insufficient = refusals.find(({ code }) => code === 'authentication.insufficient');
  if (insufficient === undefined) return refusal;
  const { claim, reason } = insufficient;
  return new AssayError('authentication.insufficient', {
    claim,
    reason,
    stepUp: combinedStepUp([...demandsOf(refusals), ...demandsOf(requirements)]),
    requiredScopes: [...new Set(refusals.flatMap(({ requiredScopes = [] }) => requiredScopes))],
  });
}

function isCuredByAnotherToken({ code }: AssayError): boolean {
  return code === 'authentication.insufficient' || code === 'scope.insufficient';
}

function demandsOf(
  sources: readonly { readonly stepUp?: StepUpDemand | undefined }[],
): readonly StepUpDemand[] {
  return sources.flatMap(({ stepUp }) => (stepUp === undefined ? [] : [stepUp]));
}
