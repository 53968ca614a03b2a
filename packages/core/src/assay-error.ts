import { failures, type Failure, type FailureCode, type Step } from './failures.js';
import type { StepUpDemand } from './requirements/step-up-demand.js';
import type { TokenScheme } from './steps/extract-token.js';

/** How evidence failed: it was absent, of the wrong shape, or not what was expected. */
export type Reason = 'missing' | 'malformed' | 'mismatch';

/** What an `AssayError` knows beside its code. None of it is a received value. */
export interface AssayErrorDetails {
  readonly reason?: Reason | undefined;
  /** The claim or header parameter concerned, as the specification spells it. */
  readonly claim?: string | undefined;
  /** The profile that was being applied, for instance `access-token`. */
  readonly profile?: string | undefined;
  /** For `scope.insufficient`: the scopes to name in the challenge. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** For `authentication.insufficient`: the authentication to name in the challenge. */
  readonly stepUp?: StepUpDemand | undefined;
  /** For tokens under another scheme than they need, or without the binding they need: what would do. */
  readonly acceptableSchemes?: readonly TokenScheme[] | undefined;
  /** For outages: after how many seconds a retry makes sense. */
  readonly retryAfterSeconds?: number | undefined;
  /** The original error, where there was one. Never one whose message quotes received text. */
  readonly cause?: unknown;
}

// Two copies of this module, an ESM and a CommonJS one, can meet in one process: the brand makes
// `instanceof` and `isAssayError` true across them.
const brand = Symbol.for('assay.error');

/**
 * A request or a token was refused, or could not be judged.
 *
 * `code` is stable and public; the message is for people and names the claim and the rule, never a token,
 * signature, key or received value.
 */
export class AssayError extends Error {
  override readonly name = 'AssayError';
  readonly code: FailureCode;
  readonly reason: Reason | undefined;
  readonly claim: string | undefined;
  readonly profile: string | undefined;
  readonly requiredScopes: readonly string[] | undefined;
  readonly stepUp: StepUpDemand | undefined;
  readonly acceptableSchemes: readonly TokenScheme[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: FailureCode, details: AssayErrorDetails = {}) {
    super(messageOf(code, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason;
    this.claim = details.claim;
    this.profile = details.profile;
    this.requiredScopes = details.requiredScopes;
    this.stepUp = details.stepUp;
    this.acceptableSchemes = details.acceptableSchemes;
    this.retryAfterSeconds = details.retryAfterSeconds;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The catalogue row of this error's code. */
  get failure(): Failure {
    return failures[this.code];
  }

  /** The status that the failure has over HTTP. */
  get status(): number {
    return this.failure.status;
  }

  /** The step at which the request was refused. */
  get step(): Step {
    return this.failure.step;
  }

  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      reason: this.reason,
      claim: this.claim,
      profile: this.profile,
      step: this.step,
    };
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this method, and not every AssayError is one of its instances.
    return this === AssayError ? isAssayError(value) : super[Symbol.hasInstance](value);
  }
}

/** Whether a caught value is an `AssayError`, of this copy of the module or another, and of that code if given. */
export function isAssayError(value: unknown, code?: FailureCode): value is AssayError {
  if (typeof value !== 'object' || value === null) return false;
  if ((value as Record<symbol, unknown>)[brand] !== true) return false;
  return code === undefined || (value as AssayError).code === code;
}

function messageOf(code: FailureCode, { reason, claim, profile }: AssayErrorDetails): string {
  const about = [
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...(claim === undefined ? [] : [`${claim}${reason === undefined ? '' : ` ${reason}`}`]),
    ...(claim === undefined && reason !== undefined ? [reason] : []),
  ].join(', ');
  return about === ''
    ? `${code}: ${failures[code].description}`
    : `${code}: ${failures[code].description} (${about})`;
}
