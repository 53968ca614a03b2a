import type { GuardedHandler } from '../report/guarded-handler.js';
import type { ServedRoute } from '../report/http-routes.js';
import { openApiPathOf, withoutNames } from './open-api-path.js';

/** A handler that the router serves over HTTP. */
export type ServedHandler = GuardedHandler & { readonly served: ServedRoute };

/** An operation of a document, as the document names it. */
export interface OperationName {
  /** `get`, … */
  readonly method: string;
  /** `/orders/{id}` */
  readonly path: string;
}

/** The handlers that serve an operation: several where versions or hosts tell them apart, none where nothing serves it. */
export type HandlersOf = (operation: OperationName) => readonly ServedHandler[];

/**
 * Finds the handlers that the operations of a document are served by. A document may leave out the global prefix: that
 * reading counts under which more of its operations are served.
 */
export function handlersByOperation(
  handlers: readonly GuardedHandler[],
  operations: readonly OperationName[],
): HandlersOf {
  const served = handlers.filter((handler): handler is ServedHandler => handler.served !== undefined);
  const readings = (['paths', 'pathsWithoutPrefix'] as const).map((reading) => {
    const handlersOf = finder(served, reading);
    return { handlersOf, found: operations.filter((operation) => handlersOf(operation).length > 0).length };
  });
  const [first, ...others] = readings as [Reading, ...Reading[]];
  return others.reduce((best, reading) => (reading.found > best.found ? reading : best), first).handlersOf;
}

interface Reading {
  readonly handlersOf: HandlersOf;
  readonly found: number;
}

function finder(handlers: readonly ServedHandler[], reading: 'paths' | 'pathsWithoutPrefix'): HandlersOf {
  const candidates = handlers.flatMap((handler) =>
    handler.served[reading].map((path) => ({ handler, path: openApiPathOf(path) })),
  );
  return ({ method, path }) => {
    const alike = candidates.filter(
      ({ handler, path: candidate }) =>
        withoutNames(candidate) === withoutNames(path) &&
        ['ALL', method.toUpperCase()].includes(handler.served.method),
    );
    // Paths of other syntaxes are converted by the router, which makes up names of parameters.
    const same = alike.filter((candidate) => candidate.path === path);
    return firstOfEach((same.length > 0 ? same : alike).map(({ handler }) => handler));
  };
}

/** The router asks the first handler for the same versions and hosts; those after it are never reached. */
function firstOfEach(handlers: readonly ServedHandler[]): readonly ServedHandler[] {
  const requestsOf = ({ served: { versions, hosts } }: ServedHandler) => JSON.stringify([versions, hosts]);
  return handlers.filter(
    (handler, index) => handlers.findIndex((other) => requestsOf(other) === requestsOf(handler)) === index,
  );
}
