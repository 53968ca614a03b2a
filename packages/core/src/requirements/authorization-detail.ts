import { AssayError } from '../assay-error.js';
import type { AuthorizationDetail } from '../authorization-details.js';
import type { Principal } from '../principal.js';
import { isListOf, isNonEmptyString, isString } from '../rules/shapes.js';
import { functionIfAny, knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import { unlessTrue, type PredicateContext } from './predicate.js';
import type { AuthorizationContext, Requirement } from './requirement.js';

/** Whether a detail that fits in all else will do: its amount, its creditor, the account of the request. */
export type AuthorizationDetailPredicate<FrameworkRequest = unknown> = (
  detail: AuthorizationDetail,
  context: PredicateContext<FrameworkRequest>,
) => boolean | Promise<boolean>;

/** What one authorization detail has to grant. Texts compare exactly. */
export interface AuthorizationDetailPolicy<FrameworkRequest = unknown> {
  readonly type: string;
  /** The detail grants all of these. Default: it is not asked. The same holds for the next two. */
  readonly actions?: readonly string[];
  readonly datatypes?: readonly string[];
  readonly privileges?: readonly string[];
  /** The detail is about this very resource. Default: it is not asked. */
  readonly identifier?: string;
  /**
   * What this API is called in `locations`. A detail that has locations has to name one of these; one without them is for
   * wherever the token is. Default: the audiences of the resource server that the token names.
   */
  readonly locations?: readonly string[];
  /** What a detail that fits in all else has to satisfy beside. */
  readonly satisfies?: AuthorizationDetailPredicate<FrameworkRequest>;
}

/**
 * One authorization detail of the token grants all that the policy names. What one detail lacks, another one does not
 * make up for.
 *
 * Error: `permission.detail-refused`; `service.failed` when the predicate throws or answers anything but a boolean.
 * Throws: `SetupError` for a policy without a type, and for empty lists and texts.
 * Spec: RFC 9396 sections 2.2 and 9.
 */
export function authorizationDetail<FrameworkRequest = unknown>(
  policy: AuthorizationDetailPolicy<FrameworkRequest>,
): Requirement {
  requireUsable(policy);
  const { satisfies = () => true } = policy;
  return {
    description: descriptionOf(policy),
    authorizationDetailType: policy.type,
    async check(principal, context) {
      const request = context.request as FrameworkRequest;
      const locations = locationsOf(policy, principal, context);
      const fitting = principal.authorizationDetails.filter((detail) => fits(detail, policy, locations));
      for (const detail of fitting) {
        const refused = await unlessTrue(satisfies(detail, { principal, request }), refusal);
        if (refused?.code !== 'permission.detail-refused') return refused;
      }
      return refusal();
    },
  };
}

const listMembers = ['actions', 'datatypes', 'privileges'] as const;

function fits(
  detail: AuthorizationDetail,
  policy: AuthorizationDetailPolicy<never>,
  locations: readonly string[],
): boolean {
  return (
    detail.type === policy.type &&
    listMembers.every((member) => (policy[member] ?? []).every((value) => lists(detail[member], value))) &&
    (policy.identifier === undefined || detail['identifier'] === policy.identifier) &&
    (detail['locations'] === undefined || locations.some((location) => lists(detail['locations'], location)))
  );
}

function lists(member: unknown, value: string): boolean {
  return isListOf(isString)(member) && member.includes(value);
}

function locationsOf(
  { locations }: AuthorizationDetailPolicy<never>,
  { audience }: Principal,
  { audiences }: AuthorizationContext,
): readonly string[] {
  return locations ?? audiences.filter((member) => audience.includes(member));
}

function refusal(): AssayError {
  return new AssayError('permission.detail-refused', { claim: 'authorization_details', reason: 'mismatch' });
}

function descriptionOf(policy: AuthorizationDetailPolicy<never>): string {
  return [
    `authorization detail ${policy.type}`,
    ...[...listMembers, 'locations' as const].flatMap((member) =>
      policy[member] === undefined ? [] : [`${member} ${policy[member].join(' ')}`],
    ),
    ...(policy.identifier === undefined ? [] : [`identifier ${policy.identifier}`]),
    ...(policy.satisfies === undefined ? [] : ['judged by a function']),
  ].join(', ');
}

const policyNames = [
  'type',
  ...listMembers,
  'identifier',
  'locations',
  'satisfies',
] as const satisfies (keyof AuthorizationDetailPolicy)[];

function requireUsable(policy: AuthorizationDetailPolicy<never>): void {
  knownOptionsOnly(policy, policyNames, 'authorizationDetail');
  const given = policy as { readonly [Name in keyof AuthorizationDetailPolicy]?: unknown };
  const refuse = (option: string, problem: string, remedy: string) =>
    new SetupError({ option: `authorizationDetail.${option}`, problem, remedy });
  if (!isNonEmptyString(given.type)) {
    throw refuse(
      'type',
      'it is not a text',
      "Give the type of the detail, for instance 'payment_initiation'.",
    );
  }
  if (given.identifier !== undefined && !isNonEmptyString(given.identifier)) {
    throw refuse('identifier', 'it is not a text', 'Give the identifier of the resource, or leave it out.');
  }
  for (const member of [...listMembers, 'locations'] as const) {
    const values = given[member];
    if (values === undefined || (isListOf(isNonEmptyString)(values) && values.length > 0)) continue;
    throw refuse(member, 'it is not a list of texts, or is empty', 'Name at least one, or leave it out.');
  }
  functionIfAny(given.satisfies, 'authorizationDetail.satisfies');
}
