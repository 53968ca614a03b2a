import { endpointFrom } from '../settings/endpoint.js';
import type { RemoteKeySettings } from '../settings/key-option.js';
import { functionIfAny, knownOptionsOnly } from '../settings/options.js';
import { SetupError } from '../setup-error.js';
import type { TrustedIssuers } from '../trusted-issuer.js';
import { answerCache } from './answer-cache.js';
import { answerReaderFrom } from './answer-reader-option.js';
import { clientAuthenticationFrom } from './client-authentication.js';
import {
  introspectionOptionNames,
  type IntrospectionOptions,
  type IntrospectionUse,
} from './introspection-options.js';
import { introspectorOf, type Introspector } from './introspector.js';

/** What introspection takes over from the resource server. */
export interface IntrospectionContext {
  readonly issuers: TrustedIssuers;
  /** Every audience that the resource server answers to. */
  readonly audiences: readonly string[];
  readonly leewaySeconds: number;
  readonly remote: RemoteKeySettings;
}

/** One endpoint, and which tokens it is asked about. */
export interface IntrospectedIssuer {
  readonly introspector: Introspector;
  readonly use: IntrospectionUse;
  readonly missingSubject: 'refused' | 'client';
}

const uses = ['where-required', 'opaque-tokens', 'every-token'] as const satisfies IntrospectionUse[];

/** How much of an answer is read: what is longer than the longest token is about something else. Units: bytes. */
const maximumAnswerBytes = 64 * 1024;

/**
 * The endpoints that the `introspection` option names, by issuer.
 *
 * Throws: `SetupError` for what is missing, weak, contradictory or misspelt.
 * Spec: RFC 7662 sections 2 and 4; RFC 9701 sections 4 to 6.
 */
export function introspectedIssuersFrom(
  given: IntrospectionOptions | readonly IntrospectionOptions[],
  context: IntrospectionContext,
): ReadonlyMap<string, IntrospectedIssuer> {
  const isList = Array.isArray(given);
  const entries = isList ? (given as readonly IntrospectionOptions[]) : [given as IntrospectionOptions];
  if (entries.length === 0) {
    throw new SetupError({
      option: 'introspection',
      problem: 'the list is empty',
      remedy: 'Give the endpoint of at least one issuer, or leave the option out.',
    });
  }
  const issuers = new Map<string, IntrospectedIssuer>();
  entries.forEach((entry, index) => {
    const where = isList ? `introspection[${String(index)}]` : 'introspection';
    const issuer = introspectedIssuer(entry, where, context);
    const { issuer: identifier } = issuer.introspector;
    if (issuers.has(identifier)) {
      throw new SetupError({
        option: `${where}.issuer`,
        problem: `${identifier} stands twice`,
        remedy: 'Merge the two entries.',
      });
    }
    issuers.set(identifier, issuer);
  });
  requireOneTakerOfOpaqueTokens([...issuers.values()]);
  return issuers;
}

/** An opaque token does not say whose it is, and is shown to nobody who did not issue it. */
function requireOneTakerOfOpaqueTokens(issuers: readonly IntrospectedIssuer[]): void {
  if (issuers.filter(({ use }) => use !== 'where-required').length <= 1) return;
  throw new SetupError({
    option: 'introspection',
    problem:
      'two issuers are to be asked about opaque tokens, so that tokens of one would be shown to the other',
    remedy: "Let one entry take opaque tokens, and use 'where-required' in the others.",
  });
}

function introspectedIssuer(
  options: IntrospectionOptions,
  where: string,
  context: IntrospectionContext,
): IntrospectedIssuer {
  knownOptionsOnly(options, introspectionOptionNames, where);
  const { clock, allowInsecureLoopback } = context.remote;
  const issuer = issuerFrom(options.issuer, `${where}.issuer`, context.issuers);
  const endpoint = endpointFrom(options.endpoint, `${where}.endpoint`, allowInsecureLoopback);
  const authentication = clientAuthenticationFrom(
    options.clientAuthentication,
    `${where}.clientAuthentication`,
    { endpoint, issuer, clock },
  );
  const introspector = introspectorOf({
    issuer,
    endpoint,
    authentication,
    reader: answerReaderFrom(options.response, `${where}.response`, {
      issuer,
      clientId: authentication.clientId,
      ...context,
    }),
    cache: answerCache(cacheLimitsFrom(options, where), clock),
    limits: {
      fetch: functionIfAny(options.fetch, `${where}.fetch`) ?? context.remote.fetch,
      timeoutMs: numberFrom(options.timeoutMs ?? 5000, `${where}.timeoutMs`, { least: 1, most: 60_000 }),
      maximumBytes: maximumAnswerBytes,
    },
    onEvent: functionIfAny(options.onEvent, `${where}.onEvent`),
  });
  return {
    introspector,
    use: oneOf(uses, options.use ?? 'where-required', `${where}.use`),
    missingSubject: oneOf(
      ['refused', 'client'],
      options.missingSubject ?? 'refused',
      `${where}.missingSubject`,
    ),
  };
}

function issuerFrom(issuer: unknown, option: string, trusted: TrustedIssuers): string {
  const named = [...trusted.values()].map(({ identifier }) => identifier);
  const [only, ...others] = named;
  const refuse = (problem: string, remedy: string) => new SetupError({ option, problem, remedy });
  if (issuer === undefined) {
    if (only !== undefined && others.length === 0) return only;
    throw refuse(
      'it is not said whose endpoint it is',
      'Name the issuer, exactly as among the trusted ones.',
    );
  }
  if (typeof issuer !== 'string' || issuer === '' || (named.length > 0 && !named.includes(issuer))) {
    throw refuse('it is none of the trusted issuers', 'Name one of them, exactly as in the option issuer.');
  }
  return issuer;
}

function cacheLimitsFrom(
  { cacheSeconds = 0, maximumCachedAnswers = 10_000 }: IntrospectionOptions,
  where: string,
) {
  return {
    seconds: numberFrom(cacheSeconds, `${where}.cacheSeconds`, { least: 0, most: 300 }),
    maximumEntries: numberFrom(maximumCachedAnswers, `${where}.maximumCachedAnswers`, {
      least: 2,
      most: 1_000_000,
      whole: true,
    }),
  };
}

function numberFrom(
  value: unknown,
  option: string,
  { least, most, whole = false }: { readonly least: number; readonly most: number; readonly whole?: boolean },
): number {
  const isNumber = whole ? Number.isInteger(value) : Number.isFinite(value);
  if (isNumber && (value as number) >= least && (value as number) <= most) return value as number;
  throw new SetupError({
    option,
    problem: `it is not a ${whole ? 'whole ' : ''}number from ${String(least)} to ${String(most)}`,
    remedy: 'Give one, or leave the option out.',
  });
}

function oneOf<Value extends string>(known: readonly Value[], value: Value, option: string): Value {
  if (known.includes(value)) return value;
  throw new SetupError({ option, problem: 'there is no such value', remedy: `Use ${known.join(', ')}.` });
}
