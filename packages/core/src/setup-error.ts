const brand = Symbol.for('assay.setup-error');

/** What a `SetupError` says: the option, what is wrong with it, and what to do. */
export interface SetupProblem {
  /** The option concerned, as it is written in code: `issuer`, `issuer[0].keys`. */
  readonly option: string;
  /** What is wrong, as a sentence without a full stop. */
  readonly problem: string;
  /** What to do about it, as a sentence. */
  readonly remedy: string;
}

/**
 * A mistake in the configuration, thrown when something is constructed and never while a request is served.
 *
 * The message names the option and the remedy.
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly option: string;
  readonly remedy: string;

  constructor({ option, problem, remedy }: SetupProblem, cause?: unknown) {
    super(`${option}: ${problem}. ${remedy}`, cause === undefined ? undefined : { cause });
    this.option = option;
    this.remedy = remedy;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== SetupError) return super[Symbol.hasInstance](value);
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  }
}
