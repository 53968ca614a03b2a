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

/** What kind of document is asked for. */
export interface ExpectedBody {
  /** The `Accept` header. */
  readonly accept: string;
  /** A pattern that the `Content-Type` has to match, and what it stands for. Default: any type will do. */
  readonly type?: { readonly pattern: RegExp; readonly name: string } | undefined;
  /** What is sent by POST, as a form. Default: nothing, and the method is GET. */
  readonly form?: SentForm | undefined;
}

/** A form, and the headers that go with it. */
export interface SentForm {
  readonly parameters: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The body of the answer from a URL: a 200 answer of the right type, no redirect, within the limits of time and size.
 * Sends no cookies, and no credentials but those in the form.
 *
 * Throws: `FetchFailure`.
 */
export async function fetchBody(
  url: string,
  { fetch, timeoutMs, maximumBytes }: FetchLimits,
  expected: ExpectedBody,
): Promise<Uint8Array> {
  const failed = failureAt(url, expected.form === undefined ? 'GET from' : 'POST to');

  async function exchange(signal: AbortSignal): Promise<Uint8Array> {
    const response = await fetch(url, {
      ...sent(expected),
      redirect: 'manual',
      credentials: 'omit',
      signal,
    });
    const refusal = refusalOf(response, expected);
    if (refusal !== undefined) {
      await response.body?.cancel();
      throw failed(refusal.why, refusal);
    }
    const body = await readAtMost(response, maximumBytes);
    if (body !== undefined) return body;
    throw failed(`the answer is larger than ${String(maximumBytes)} bytes`, { kind: 'content' });
  }

  try {
    return await withDeadline(timeoutMs, exchange);
  } catch (cause) {
    if (cause instanceof FetchFailure) throw cause;
    const why = cause instanceof DeadlineExceeded ? 'no answer in time' : 'no connection';
    throw failed(why, { kind: 'unreachable', cause });
  }
}

type FailureDetails = ConstructorParameters<typeof FetchFailure>[1];

/** Makes the failures of an exchange with this URL. The message names the host. */
export function failureAt(
  url: string,
  attempt: 'GET from' | 'POST to' = 'GET from',
): (why: string, details: FailureDetails) => FetchFailure {
  const { host } = new URL(url);
  return (why, details) => new FetchFailure(`${attempt} ${host} failed: ${why}`, details);
}

function sent({ accept, form }: ExpectedBody): Pick<RequestInit, 'method' | 'headers' | 'body'> {
  if (form === undefined) return { headers: { accept } };
  const contentType = 'application/x-www-form-urlencoded';
  return {
    method: 'POST',
    headers: { ...form.headers, accept, 'content-type': contentType },
    body: form.parameters.toString(),
  };
}

function refusalOf(
  { status, headers }: Response,
  { type }: ExpectedBody,
): (FailureDetails & { why: string }) | undefined {
  // With `redirect: 'manual'` a redirection is an answer like any other that is not 200.
  if (status !== 200) return { kind: 'status', status, why: `status ${String(status)}` };
  if (type !== undefined && !type.pattern.test(headers.get('content-type') ?? '')) {
    return { kind: 'content', why: `the answer is not ${type.name}` };
  }
  return undefined;
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
