import type { NodeRequest } from '@assay/core';

/** What Express and Fastify both have on a request, and where Fastify keeps Node's own. */
export interface PlatformRequest extends NodeRequest {
  readonly raw?: NodeRequest;
  /** Where Express keeps the response. */
  readonly res?: unknown;
}

/** Node's own request: Express extends it, Fastify wraps it. */
export function nodeRequestOf(request: PlatformRequest): NodeRequest {
  return 'rawHeaders' in request ? request : (request.raw ?? request);
}

/** Whether something is a request of Node, or of a platform. One of the Fetch API keeps its headers in another way. */
export function isPlatformRequest(value: unknown): value is PlatformRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { headers } = nodeRequestOf(value as PlatformRequest) as { readonly headers?: unknown };
  return typeof headers === 'object' && headers !== null && !('get' in headers && 'append' in headers);
}
