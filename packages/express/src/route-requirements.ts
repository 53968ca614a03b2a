import type { Requirement } from '@assay/core';
import type { Request, RequestHandler } from 'express';

// A symbol of the registry, because an ESM and a CommonJS copy of this module can guard the same route.
const requirementKey = Symbol.for('assay.express.requirement');

/** The middleware, with what it demands written on it. */
export function declaring(requirement: Requirement, middleware: RequestHandler): RequestHandler {
  return Object.defineProperty(middleware, requirementKey, { value: requirement });
}

/**
 * What the middlewares of the request's own route demand, before and after the one that asks: `app.get(path, …)` knows
 * them all. Those of `app.use` are not among them.
 */
export function requirementsOfRoute(request: Request): readonly Requirement[] {
  const { stack = [] } = (request.route ?? {}) as { readonly stack?: readonly RouteLayer[] };
  return stack.flatMap(({ method, handle }) => {
    const requirement = handle[requirementKey];
    return requirement !== undefined && serves(method, request.method) ? [requirement] : [];
  });
}

/** One handler of a route, as both Express 4 and 5 keep it; `method` is absent where it serves every method. */
interface RouteLayer {
  readonly method?: string;
  readonly handle: { readonly [requirementKey]?: Requirement };
}

function serves(method: string | undefined, requested: string): boolean {
  const wanted = requested.toLowerCase();
  return method === undefined || method === wanted || (wanted === 'head' && method === 'get');
}
