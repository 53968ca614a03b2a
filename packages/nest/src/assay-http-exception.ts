import { HttpException } from '@nestjs/common';
import type { AssayError, FailureCode, RefusalAnswer } from '@assay/core';

/**
 * A request was refused. Status and challenge are on the response already when it is thrown, so an exception filter
 * that writes a body of its own keeps them.
 *
 * `message` and the body hold texts from the catalogue only; `code` and `cause` say more, for logs.
 */
export class AssayHttpException extends HttpException {
  /** The failure code, for instance `token.expired`. */
  readonly code: FailureCode;
  /** The headers of the answer, `WWW-Authenticate` among them. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: AssayError, { status, headers, body }: RefusalAnswer) {
    super({ ...body }, status, { cause: error });
    this.message = body['error_description'] ?? error.code;
    this.code = error.code;
    this.headers = headers;
  }
}
