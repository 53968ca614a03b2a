import { systemClock } from '../clock.js';
import { AssayError } from '../assay-error.js';
import { keyPolicyFrom } from '../settings/key-policy.js';
import { leewayFrom } from '../settings/numbers.js';
import type { AccessTokenOptions } from '../settings/trusted-issuers.js';
import { SetupError } from '../setup-error.js';
import type { IntrospectionOptions } from './introspection-options.js';
import { introspectedIssuersFrom, type IntrospectionContext } from './introspection-settings.js';
import { introspectionBy, type Introspection } from './introspection.js';

/** The options of a resource server that introspection goes by. */
export type IntrospectionSource = Pick<
  AccessTokenOptions,
  'allowInsecureLoopback' | 'clock' | 'fetch' | 'keyPolicy' | 'leewaySeconds' | 'onKeyEvent'
> & { readonly introspection?: IntrospectionOptions | readonly IntrospectionOptions[] };

/**
 * What the `introspection` option asks for; nothing where it is left out.
 *
 * Throws: `SetupError`.
 */
export function introspectionFrom(
  options: IntrospectionSource,
  { issuers, audiences }: Pick<IntrospectionContext, 'issuers' | 'audiences'>,
): Introspection | undefined {
  if (options.introspection === undefined) return undefined;
  const context: IntrospectionContext = {
    issuers,
    audiences,
    leewaySeconds: leewayFrom(options.leewaySeconds),
    remote: {
      clock: options.clock ?? systemClock,
      fetch: options.fetch ?? ((url, init) => fetch(url, init)),
      allowInsecureLoopback: options.allowInsecureLoopback === true,
      policy: keyPolicyFrom(options.keyPolicy),
      onEvent: options.onKeyEvent,
    },
  };
  return introspectionBy(introspectedIssuersFrom(options.introspection, context), context);
}

const remedy = "Give the resource server introspection: { endpoint: 'https://…', clientAuthentication }.";

/** The mistake of a route that demands introspection where nobody can be asked. */
export function introspectionMissing(where: string): SetupError {
  return new SetupError({
    option: where,
    problem: 'it requires introspection, and no issuer can be asked about its tokens',
    remedy,
  });
}

let hasWarned = false;

/** Refuses a request that only introspection could let pass. Tells the operator once what is missing. */
export function refuseWithoutIntrospection(): AssayError {
  const mistake = introspectionMissing('requireIntrospection');
  if (!hasWarned) process.emitWarning(mistake.message, { code: 'ASSAY_INTROSPECTION_NOT_CONFIGURED' });
  hasWarned = true;
  return new AssayError('service.introspection-not-configured', { cause: mistake });
}
