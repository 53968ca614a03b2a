import type { Request } from 'express';

/** A route as its author wrote it, for messages to operators: `GET /orders/:id`. Holds nothing of the request's path. */
export function routeName({ method, baseUrl, route }: Request): string {
  const path: unknown = (route as { path?: unknown } | undefined)?.path;
  return `${method} ${baseUrl}${typeof path === 'string' ? path : ''}`;
}
