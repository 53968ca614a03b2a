import { Logger, RequestMethod, type INestApplicationContext } from '@nestjs/common';
import { SetupError } from '@assay/core';
import { accessOf } from '../report/guarded-handler.js';
import { guardedHandlers, type GuardedHandlers } from '../report/guarded-handlers.js';
import type { OpenApiDocument, Operation } from './open-api-document.js';
import { refusalsOf, withRefusals } from './refusals.js';
import { declareSchemes } from './security-schemes.js';
import { securityOf } from './security-of.js';
import { handlersByOperation, type OperationName } from './served-operations.js';

const logger = new Logger('documentAssay');

/**
 * Has the document that `SwaggerModule.createDocument` made say of every operation how it is protected:
 * `documentAssay(app, document)`. Changes the document, and returns it.
 *
 * - `security`: none for public operations, `{}` beside a token where authentication is optional, a token with its
 *   scopes otherwise. It replaces what stood there. Scopes that are not disclosed, and other demands, are left out.
 * - The schemes `accessToken`, and `accessToken.partner` for the resource server with the name `partner`. One that the
 *   document declares under that name, with the flows of its clients, is kept.
 * - The refusals 401, 403 and 503 with their headers, beside what the document says of these answers already.
 *
 * What no guard of Assay judges is left as it is; so is, with a warning in the log, what no handler serves.
 *
 * Throws: `SetupError` where the application has no `AssayModule`, and as the start-up check does.
 */
export function documentAssay<Document extends OpenApiDocument>(
  app: INestApplicationContext,
  document: Document,
): Document {
  const handlers = guardedHandlersOf(app).all();
  const operations = operationsOf(document);
  const handlersServing = handlersByOperation(handlers, operations);
  const resourceServers = handlers.flatMap(({ served, protection, judgedBy }) =>
    served === undefined || protection.access === 'public' ? [] : judgedBy.map(({ name }) => name),
  );
  const takesScopes = declareSchemes(document, [...new Set(resourceServers)]);
  for (const { method, path, operation } of operations) {
    const serving = handlersServing({ method, path });
    if (serving.length === 0) {
      logger.warn(
        `${method.toUpperCase()} ${path}: no handler serves it, so its protection is not described.`,
      );
      continue;
    }
    if (serving.some((handler) => accessOf(handler) === 'unguarded')) continue;
    operation.security = securityOf(serving, takesScopes);
    operation.responses = withRefusals(operation.responses, refusalsOf(serving));
  }
  return document;
}

function guardedHandlersOf(app: INestApplicationContext): GuardedHandlers {
  try {
    return app.get<GuardedHandlers>(guardedHandlers, { strict: false });
  } catch (error) {
    throw new SetupError(
      {
        option: 'documentAssay',
        problem: 'the application has no AssayModule',
        remedy: 'Import AssayModule.forRoot({ issuer, audience }) in the root module.',
      },
      error,
    );
  }
}

// What Nest can route, and a document can have.
const methods = new Set(Object.values(RequestMethod).map((method) => String(method).toLowerCase()));

function operationsOf({
  paths,
}: OpenApiDocument): readonly (OperationName & { readonly operation: Operation })[] {
  return Object.entries(paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>).flatMap(
    ([path, item]) =>
      Object.entries(item)
        .filter(([method]) => methods.has(method))
        .map(([method, operation]) => ({ method, path, operation })),
  );
}
