/** Where the fetch of a document failed: there was no answer, it had another status, or it held something else. */
export type FetchFailureKind = 'unreachable' | 'status' | 'content';

const statusesOfOutage = new Set([429, 502, 503, 504]);

/** A document could not be had. The message names the host and the cause, never the body. */
export class FetchFailure extends Error {
  override readonly name: string = 'FetchFailure';
  readonly kind: FetchFailureKind;
  readonly status: number | undefined;

  constructor(
    message: string,
    { kind, status, cause }: { kind: FetchFailureKind; status?: number; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.status = status;
  }

  /** The server is not there or not able to answer, so that another path on it is not worth a try. */
  get isOutage(): boolean {
    return this.kind === 'unreachable' || (this.status !== undefined && statusesOfOutage.has(this.status));
  }

  /** The server answered that it has no such document. After an outage or its own error, that is not known. */
  get meansAbsent(): boolean {
    return !this.isOutage && (this.status ?? 0) < 500;
  }
}
