import type { ServerResponse } from 'node:http';
import { keepAnswerPrivate } from './private-answer.js';

/** What the answer to a request has to carry, whatever the application says in it. */
export interface AnswerDuties {
  readonly headers: Readonly<Record<string, string>>;
  /** The weakest `Cache-Control` that the answer may have; absent where the application is free. */
  readonly cacheControl?: 'private' | 'no-store';
}

/** What about a request makes its answer special. */
export interface AnswerReasons {
  /** The URL holds a token, and a cache goes by the URL (RFC 6750 section 2.3). */
  readonly tokenInUrl: boolean;
  /** A header that a proxy set says who the client is (RFC 9440 section 2.4). */
  readonly certificateInHeader: boolean;
  /** The nonce that the client should use from now on (RFC 9449 section 8.2). */
  readonly nextNonce: string | undefined;
}

/** What the answer to a request has to carry. */
export function answerDutiesOf({ tokenInUrl, certificateInHeader, nextNonce }: AnswerReasons): AnswerDuties {
  const headers = nextNonce === undefined ? {} : { 'DPoP-Nonce': nextNonce };
  if (nextNonce !== undefined || certificateInHeader) return { headers, cacheControl: 'no-store' };
  return tokenInUrl ? { headers, cacheControl: 'private' } : { headers };
}

/** Sees to it that an answer carries what it has to. */
export function fulfilDuties(response: ServerResponse, { headers, cacheControl }: AnswerDuties): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (cacheControl !== undefined) keepAnswerPrivate(response, cacheControl);
}
