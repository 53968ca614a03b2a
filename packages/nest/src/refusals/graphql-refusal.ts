import type { RefusalAnswer } from '@assay/core';
import type { Refusal } from './refusal.js';

/** What servers of GraphQL commonly call a failure. */
const codes: ReadonlyMap<number, string> = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [503, 'SERVICE_UNAVAILABLE'],
]);

/**
 * A `GraphQLError` with status and challenge in `extensions.http`, which servers of GraphQL put on the response. The
 * original error says more, for logs.
 *
 * `graphql` is loaded here and not above, because it is there only where resolvers are.
 */
export async function graphqlRefusal({ error, answer }: Refusal): Promise<Error> {
  const { GraphQLError } = await import('graphql');
  const { status, headers, body } = answer;
  return new GraphQLError(body['error_description'] ?? error.failure.description, {
    originalError: error,
    extensions: {
      code: codes.get(status) ?? 'INTERNAL_SERVER_ERROR',
      http: { status, headers: headerMap(headers) },
    },
  });
}

/** Apollo Server takes a `Map`, others the members of an object: it is both. */
function headerMap(headers: RefusalAnswer['headers']): Map<string, string> {
  const map = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.assign(map, headers);
}
