import type { Fetch } from '@assay/core';

/** How long an exchange may take, and how much may come back. */
export interface ExchangeLimits {
  /** Units: milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Units: bytes of the answer. */
  readonly maximumBytes: number;
}

/** The answer was longer than allowed. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * A `fetch` that follows no redirect, gives up in time, and reads no more than the limit. The answer it returns has
 * arrived in full.
 */
export function boundedFetch(fetch: Fetch, { timeoutMs, maximumBytes }: ExchangeLimits): Fetch {
  return async (url, init) => {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      credentials: 'omit',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await readAtMost(response, maximumBytes);
    const { status, statusText, headers } = response;
    return new Response(mayHaveBody(status) ? body : null, { status, statusText, headers });
  };
}

/** Why an exchange failed, in words of our own: the original error may quote the request. */
export function failureOf(error: unknown): Error {
  if (error instanceof AnswerTooLarge) return error;
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
  if (name === 'TimeoutError') return new Error('no answer in time');
  const code = cause?.code;
  return new Error(
    typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? `no connection (${code})` : 'no connection',
  );
}

async function readAtMost(response: Response, maximumBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maximumBytes)
      throw new AnswerTooLarge(`the answer is larger than ${String(maximumBytes)} bytes`);
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

function mayHaveBody(status: number): boolean {
  return ![204, 205, 304].includes(status);
}
