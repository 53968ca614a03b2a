import {
  AssayError,
  isAssayError,
  type ChallengeContext,
  type RefusalAnswer,
  type ResourceServer,
} from '@assay/core';

/** A failure, and the answer that HTTP has for it. */
export interface Refusal {
  readonly error: AssayError;
  readonly answer: RefusalAnswer;
}

/** What a client is told where there are no status line and headers. Texts from the catalogue only. */
export interface RefusalMessage {
  readonly status: number;
  /** The error code of OAuth, where the failure has one. */
  readonly error?: string;
  readonly error_description: string;
  /** What the `WWW-Authenticate` header would hold. */
  readonly challenge?: string;
}

/** The refusal of whatever was thrown: anything but an `AssayError` is our own failure. */
export function refusalBy(
  resourceServer: ResourceServer,
  thrown: unknown,
  about?: ChallengeContext,
): Refusal {
  const error = isAssayError(thrown) ? thrown : new AssayError('service.failed', { cause: thrown });
  return { error, answer: resourceServer.challenge(error, about) };
}

/** The refusal as the data of a message. */
export function refusalMessage({ error, answer: { status, headers, body } }: Refusal): RefusalMessage {
  const challenge = headers['WWW-Authenticate'];
  return {
    status,
    ...(body['error'] === undefined ? {} : { error: body['error'] }),
    error_description: body['error_description'] ?? error.failure.description,
    ...(challenge === undefined ? {} : { challenge }),
  };
}
