/** Why a store on Redis could not do what it was asked. */
export type RedisStoreProblem =
  /** No answer within `timeoutMs`. What was asked may have been done, or may be done later. */
  | 'timeout'
  /** Too many calls wait for Redis already. */
  | 'busy'
  /** Redis could not be reached, or answered with an error. */
  | 'failed'
  /** The owner's share is used up. */
  | 'share-used-up'
  /** The expiry is past by the clock of Redis, by more than clocks may differ. */
  | 'expired'
  /** Redis answered, and the answer means nothing to this version. */
  | 'answer-unknown';

const messages: Readonly<Record<RedisStoreProblem, string>> = {
  timeout: 'Redis gave no answer in time',
  busy: 'too many calls wait for Redis',
  failed: 'Redis cannot be asked',
  'share-used-up': 'this owner has used up its share of the store',
  expired: 'the expiry is past by the clock of Redis',
  'answer-unknown': 'the answer of Redis is not understood',
};

/**
 * A store on Redis could not do what it was asked, and nothing was let in.
 *
 * Says nothing that was stored or asked: the errors of Redis clients carry the arguments of the command, so they are not
 * passed on as a cause.
 */
export class RedisStoreError extends Error {
  override readonly name = 'RedisStoreError';
  readonly problem: RedisStoreProblem;
  /** The first word of Redis's error, the code of a system error, or the name of the client's error. */
  readonly detail: string | undefined;

  constructor(problem: RedisStoreProblem, detail?: string) {
    super(detail === undefined ? messages[problem] : `${messages[problem]} (${detail})`);
    this.problem = problem;
    this.detail = detail;
  }
}

/** The same failure without what the client's error says of the command. */
export function failedCommand(error: unknown): RedisStoreError {
  return new RedisStoreError('failed', detailOf(error));
}

const replyCode = /^[A-Z][A-Z0-9]{1,30}(?= |$)/;
const plainName = /^\w{1,60}$/;

/** Errors are known by their members: a test runner can have an `Error` of its own. */
function detailOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const { code, message, constructor } = error as {
    code?: unknown;
    message?: unknown;
    constructor?: unknown;
  };
  if (typeof code === 'string' && plainName.test(code)) return code;
  const [reply] = typeof message === 'string' ? (replyCode.exec(message) ?? []) : [];
  const name = typeof constructor === 'function' ? constructor.name : '';
  return reply ?? (plainName.test(name) ? name : 'unknown');
}
