import type { ServerResponse } from 'node:http';
import { exposeHeaders, headersForScripts } from './exposed-headers.js';
import { keepAnswerPrivate } from './private-answer.js';

/** What the answer to a request has to carry, whatever the application says in it. */
export interface AnswerDuties {
  readonly headers: Readonly<Record<string, string>>;
  /** The weakest `Cache-Control` that the answer may have; absent where the application is free. */
  readonly cacheControl?: 'private' | 'no-store';
  /** The headers that scripts of other origins may read, beside those that the application names. */
  readonly exposedHeaders?: readonly string[];
}

/** What about a request makes its answer special. */
export interface AnswerReasons {
  /** The URL holds a token, and a cache goes by the URL (RFC 6750 section 2.3). */
  readonly tokenInUrl: boolean;
  /** A header that a proxy set says who the client is (RFC 9440 section 2.4). */
  readonly certificateInHeader: boolean;
  /** The nonce that the client should use from now on (RFC 9449 section 8.2). */
  readonly nextNonce: string | undefined;
  /** Scripts of other origins need to see what the answer says of tokens and proofs. */
  readonly forScripts: boolean;
}

/** What the answer to a request has to carry. */
export function answerDutiesOf(reasons: AnswerReasons): AnswerDuties {
  const { nextNonce, forScripts } = reasons;
  const cacheControl = cacheControlFor(reasons);
  return {
    headers: nextNonce === undefined ? {} : { 'DPoP-Nonce': nextNonce },
    ...(cacheControl === undefined ? {} : { cacheControl }),
    ...(forScripts ? { exposedHeaders: headersForScripts } : {}),
  };
}

function cacheControlFor({
  tokenInUrl,
  certificateInHeader,
  nextNonce,
}: AnswerReasons): AnswerDuties['cacheControl'] {
  if (nextNonce !== undefined || certificateInHeader) return 'no-store';
  return tokenInUrl ? 'private' : undefined;
}

/** Sees to it that an answer carries what it has to. */
export function fulfilDuties(
  response: ServerResponse,
  { headers, cacheControl, exposedHeaders }: AnswerDuties,
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cacheControl !== undefined) keepAnswerPrivate(response, cacheControl);
  if (exposedHeaders !== undefined) exposeHeaders(response, exposedHeaders);
}
