import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { SetupError, type DocumentAnswer, type ResourceServer } from '@assay/core';
import type { ModuleSettings } from '../module-settings.js';

const logger = new Logger('AssayModule');

/** What answers a request, unless it is for something else. */
type Answer = (request: unknown) => Promise<DocumentAnswer> | undefined;

/** The part of a Fastify instance that is used here. */
interface FastifyInstance {
  /** Absent where the application has left middleware out. */
  readonly use?: unknown;
  readonly addHook: (
    name: 'onRequest',
    hook: (request: unknown, reply: FastifyReply, done: (error?: Error) => void) => void,
  ) => void;
}

interface FastifyReply {
  readonly code: (status: number) => FastifyReply;
  readonly headers: (headers: DocumentAnswer['headers']) => FastifyReply;
  readonly send: (body?: Buffer) => void;
}

// Which resource server has a path, for each application.
const taken = new WeakMap<AbstractHttpAdapter, Map<string, ResourceServer>>();

/**
 * Serves the metadata of a resource server at its well-known paths, in front of the router: no prefix, version or guard
 * applies. Does nothing where none is published.
 *
 * Throws: `SetupError` where two resource servers have their metadata at the same path.
 * Spec: RFC 9728 section 3.
 */
export function serveMetadata(adapter: AbstractHttpAdapter, { resourceServer }: ModuleSettings): void {
  const { metadataUrls } = resourceServer;
  if (metadataUrls.length === 0) return;
  const paths = metadataUrls.map((url) => url.replace(/^https?:\/\/[^/]+/i, ''));
  for (const path of paths) take(path, adapter, resourceServer);
  const answer: Answer = (request) =>
    resourceServer.metadataAnswer({
      method: adapter.getRequestMethod(request) as string,
      url: adapter.getRequestUrl(request) as string,
    });
  if (hasMiddleware(adapter)) answerBeforeRoutes(adapter, answer);
  else answerInHook(adapter.getInstance<FastifyInstance>(), answer);
  for (const path of paths) logger.log(`GET ${path}: public (resource metadata)`);
}

/** Two resource servers on one host are told apart by the paths of their audiences, and by nothing else. */
function take(path: string, adapter: AbstractHttpAdapter, resourceServer: ResourceServer): void {
  const paths = taken.get(adapter) ?? new Map<string, ResourceServer>();
  taken.set(adapter, paths);
  const other = paths.get(path) ?? resourceServer;
  if (other !== resourceServer) {
    throw new SetupError({
      option: 'metadata',
      problem: `two resource servers of this application publish metadata at ${path}`,
      remedy: 'Give them audiences with different paths, or publish the metadata of one of them.',
    });
  }
  paths.set(path, resourceServer);
}

function hasMiddleware(adapter: AbstractHttpAdapter): boolean {
  return adapter.getType() !== 'fastify' || adapter.getInstance<FastifyInstance>().use !== undefined;
}

/** Before the middleware of modules, which is registered later: one of them might ask for a token. */
function answerBeforeRoutes(adapter: AbstractHttpAdapter, answer: Answer): void {
  adapter.use((request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
    const answering = answer(request);
    if (answering === undefined) {
      next();
      return;
    }
    answering.then(({ status, headers, body }) => response.writeHead(status, headers).end(body)).catch(next);
  });
}

/** A hook of the whole Fastify instance, which is asked about paths that have no route as well. */
function answerInHook(instance: FastifyInstance, answer: Answer): void {
  instance.addHook('onRequest', (request, reply, done) => {
    const answering = answer(request);
    if (answering === undefined) {
      done();
      return;
    }
    answering.then(({ status, headers, body }) => {
      // To a text Fastify would add a charset, and to no bytes at all a type.
      reply
        .code(status)
        .headers(headers)
        .send(body === '' ? undefined : Buffer.from(body));
    }, done);
  });
}
