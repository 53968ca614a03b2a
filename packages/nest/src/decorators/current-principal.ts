import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { answerTo, AssayError, authenticationOf, type Principal } from '@assay/core';
import { AssayHttpException } from '../assay-http-exception.js';
import { requestContextOf } from '../contexts/request-context.js';
import { protectionFor } from '../protection/protection-for.js';

/**
 * The principal of the request: `list(@CurrentPrincipal() principal: Principal)`.
 *
 * `undefined` for an anonymous request where authentication is optional, and on public handlers.
 *
 * Error: 500 `service.route-unprotected` where a handler that is not open was reached without a guard.
 */
export const CurrentPrincipal: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => currentPrincipal(context),
);

/** The principal that the guard has recorded. */
export function currentPrincipal(context: ExecutionContext): Principal | undefined {
  const state = authenticationOf(requestContextOf(context).requestOf(context));
  if (state !== undefined) return state.principal;
  if (protectionFor(context).access === 'public') return undefined;
  const error = new AssayError('service.route-unprotected');
  throw new AssayHttpException(error, answerTo(error, { realm: 'api' }));
}
