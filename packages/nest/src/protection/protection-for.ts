import type { ExecutionContext, Type } from '@nestjs/common';
import { AssayError } from '@assay/core';
import { methodNameOf, type Handler } from './methods-of.js';
import { protectionOf, type Protection } from './protection-of.js';

const known = new WeakMap<Type, WeakMap<Handler, Protection>>();

/**
 * What the handler of an execution context demands. Worked out once.
 *
 * Error: `service.route-unprotected` where it cannot be told which method of its class the handler is.
 * Throws: `SetupError` for contradictory decorators, which the start-up check has told already.
 */
export function protectionFor(context: ExecutionContext): Protection {
  const controller = context.getClass();
  const handler = context.getHandler() as Handler;
  const ofController = known.get(controller) ?? new WeakMap<Handler, Protection>();
  known.set(controller, ofController);
  const protection = ofController.get(handler) ?? workOut(controller, handler);
  ofController.set(handler, protection);
  return protection;
}

function workOut(controller: Type, handler: Handler): Protection {
  const method = methodNameOf(controller, handler);
  if (method === undefined) throw new AssayError('service.route-unprotected');
  return protectionOf(controller, method);
}
