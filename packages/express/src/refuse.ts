import {
  AssayError,
  answerTo,
  isAssayError,
  type ChallengeContext,
  type DecisionRecorder,
  type Principal,
  type ResourceServer,
} from '@assay/core';
import type { NextFunction, Response } from 'express';

/** Whether a failure is answered at once, or handed to the application's error handler. */
export type FailureHandling = 'answer' | 'next';

/** Where a refusal goes. */
export interface Refusal {
  readonly response: Response;
  readonly next: NextFunction;
  readonly onFailure: FailureHandling;
  /** Absent where no `protect` has run: then there is nothing to challenge with. */
  readonly resourceServer: ResourceServer | undefined;
  readonly recorder: DecisionRecorder | undefined;
  /** Who was refused, where that is known. */
  readonly principal?: Principal | undefined;
  /** What is known of the request beside the failure. */
  readonly about?: ChallengeContext;
}

/**
 * Refuses a request. The status and the challenge are on the response before an error handler sees the error, so
 * that one that writes its own body keeps them.
 */
export function refuse(error: unknown, refusal: Refusal): void {
  const { response, next, onFailure, resourceServer, recorder, principal, about } = refusal;
  const answer = resourceServer?.challenge(error, about) ?? answerTo(error, { realm: 'api' });
  recorder?.refused(error, answer.status, principal);
  response.status(answer.status).set(answer.headers);
  if (onFailure === 'answer') {
    response.json(answer.body);
    return;
  }
  const known = isAssayError(error) ? error : new AssayError('service.failed', { cause: error });
  // `status` and `headers` are what Express's own error handler and its like go by.
  next(Object.defineProperty(known, 'headers', { value: answer.headers, configurable: true }));
}
