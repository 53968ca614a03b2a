import { parseStrictJson } from '../encoding/strict-json.js';
import { FetchFailure } from './fetch-failure.js';
import { DeadlineExceeded, withDeadline } from './with-deadline.js';

/** The part of the `fetch` standard that we call. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How a document is fetched. */
export interface FetchLimits {
  readonly fetch: Fetch;
  /** Units: milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Units: bytes of the body, after any content coding is undone. */
  readonly maximumBytes: number;
}

/** What kind of JSON document is asked for. */
export interface ExpectedDocument {
  /** The `Accept` header. Default `application/json`. */
  readonly accept?: string;
  /** Refuses an answer that does not say it is JSON. Default false. */
  readonly typeRequired?: boolean;
}

/**
 * The JSON document at a URL: a 200 answer, no redirect, within the limits of time and size, strict JSON.
 *
 * Throws: `FetchFailure`.
 */
export async function fetchJson(
  url: string,
  { fetch, timeoutMs, maximumBytes }: FetchLimits,
  { accept = 'application/json', typeRequired = false }: ExpectedDocument = {},
): Promise<unknown> {
  const failed = failureAt(url);

  async function exchange(signal: AbortSignal): Promise<Uint8Array> {
    const response = await fetch(url, {
      headers: { accept },
      redirect: 'manual',
      credentials: 'omit',
      signal,
    });
    const refusal = refusalOf(response, typeRequired);
    if (refusal !== undefined) {
      await response.body?.cancel();
      throw failed(refusal.why, refusal);
    }
    const body = await readAtMost(response, maximumBytes);
    if (body !== undefined) return body;
    throw failed(`the answer is larger than ${String(maximumBytes)} bytes`, { kind: 'content' });
  }

  let body: Uint8Array;
  try {
    body = await withDeadline(timeoutMs, exchange);
  } catch (cause) {
    if (cause instanceof FetchFailure) throw cause;
    const why = cause instanceof DeadlineExceeded ? 'no answer in time' : 'no connection';
    throw failed(why, { kind: 'unreachable', cause });
  }
  const parsed = parseStrictJson(body);
  if ('fault' in parsed) throw failed(`the answer is not usable JSON (${parsed.fault})`, { kind: 'content' });
  return parsed.value;
}

type FailureDetails = ConstructorParameters<typeof FetchFailure>[1];

function failureAt(url: string) {
  const { host } = new URL(url);
  return (why: string, details: FailureDetails) =>
    new FetchFailure(`GET from ${host} failed: ${why}`, details);
}

function refusalOf(
  { status, headers }: Response,
  typeRequired: boolean,
): (FailureDetails & { why: string }) | undefined {
  // With `redirect: 'manual'` a redirection is an answer like any other that is not 200.
  if (status !== 200) return { kind: 'status', status, why: `status ${String(status)}` };
  if (typeRequired && !isJsonType(headers.get('content-type'))) {
    return { kind: 'content', why: 'the answer is not application/json' };
  }
  return undefined;
}

function isJsonType(contentType: string | null): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? '');
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
