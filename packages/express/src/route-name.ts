import type { Request } from 'express';

/** A route for messages to operators: `GET /orders/:id`. */
export function routeName(request: Request): string {
  return `${request.method} ${declaredRoute(request) ?? request.baseUrl}`;
}

/**
 * The path of a route as its author wrote it: `/orders/:id`. Express does not tell the pattern of a router's mount point,
 * so that part is as requested. `undefined` before a route is reached.
 */
export function declaredRoute({ baseUrl, route }: Request): string | undefined {
  if (route === undefined) return undefined;
  const { path } = route as { readonly path?: unknown };
  return `${baseUrl}${typeof path === 'string' ? path : ''}`;
}
