import type { IncomingMessage } from 'node:http';
import { AssayError, SetupError } from '@assay/core';
import { maximumFormBytes } from '@assay/core/authorization-server';

/** A request, and the raw body that another parser may have kept of it. */
export type BodyRequest = IncomingMessage & { readonly rawBody?: unknown };

/**
 * The bytes of a request's body: those that another parser kept in `rawBody`, or else what is read now, at most 64 KiB.
 *
 * Error: `request.body-too-large`.
 * Throws: `SetupError` where something else has consumed the body: what a parser made of it may hide a repeated parameter.
 */
export async function readBody(request: BodyRequest): Promise<Uint8Array> {
  const { rawBody } = request;
  if (rawBody instanceof Uint8Array) return rawBody;
  if (typeof rawBody === 'string') return Buffer.from(rawBody);
  if (request.readableDidRead || request.readableEnded || request.destroyed) {
    throw new SetupError({
      option: 'body parser',
      problem: 'something has parsed the form before tokenRequest could read it',
      remedy:
        'Mount tokenRequest before the body parser, or let the parser keep the bytes: express.urlencoded({ verify: (req, res, bytes) => { req.rawBody = bytes; } }).',
    });
  }
  return readAtMost(request, maximumFormBytes);
}

function readAtMost(request: IncomingMessage, maximumBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      // What is too much is let run out unkept: a connection that is cut could lose the answer.
      if (size > maximumBytes) reject(new AssayError('request.body-too-large'));
      else chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    const refuseCutShort = (cause?: unknown) => {
      reject(new AssayError('request.body-malformed', { cause }));
    };
    request.on('error', refuseCutShort);
    request.on('close', refuseCutShort);
  });
}
