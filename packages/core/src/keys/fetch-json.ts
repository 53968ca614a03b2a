import { parseStrictJson } from '../encoding/strict-json.js';

/** The part of the `fetch` standard that we call. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a document is fetched. */
export interface FetchLimits {
  readonly fetch: Fetch;
  /** Units: milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Units: bytes of the body. */
  readonly maximumBytes: number;
}

/** A document could not be had. The message names the host and the cause, never the body. */
export class FetchFailure extends Error {
  override readonly name: string = 'FetchFailure';
}

/**
 * The JSON document at a URL: a 200 answer, no redirect, within the limits of time and size, strict JSON.
 *
 * Throws: `FetchFailure`.
 */
export async function fetchJson(
  url: string,
  { fetch, timeoutMs, maximumBytes }: FetchLimits,
): Promise<unknown> {
  const { host } = new URL(url);
  const failed = (why: string, cause?: unknown) =>
    new FetchFailure(`GET from ${host} failed: ${why}`, cause === undefined ? undefined : { cause });

  let body: Uint8Array | undefined;
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      credentials: 'omit',
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw failed(`status ${String(response.status)}`);
    }
    body = await readAtMost(response, maximumBytes);
  } catch (error) {
    if (error instanceof FetchFailure) throw error;
    throw failed(
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection',
      error,
    );
  }
  if (body === undefined) throw failed(`the answer is larger than ${String(maximumBytes)} bytes`);
  const parsed = parseStrictJson(body);
  if ('fault' in parsed) throw failed(`the answer is not usable JSON (${parsed.fault})`);
  return parsed.value;
}

async function readAtMost(response: Response, maximumBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maximumBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
