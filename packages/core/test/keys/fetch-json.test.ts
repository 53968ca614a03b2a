import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FetchFailure } from '../../src/keys/fetch-failure.js';
import { fetchJson, type Fetch } from '../../src/keys/fetch-json.js';

const url = 'https://as.example/jwks';
const limits = (fetch: Fetch) => ({ fetch, timeoutMs: 5000, maximumBytes: 100 });
const answering = (response: Response) => limits(() => Promise.resolve(response));

async function failureOf(call: Promise<unknown>): Promise<FetchFailure> {
  const error = await call.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FetchFailure);
  return error as FetchFailure;
}

describe('fetchJson', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is the parsed document of a 200 answer', async () => {
    await expect(fetchJson(url, answering(Response.json({ keys: [] })))).resolves.toEqual({ keys: [] });
  });

  it('asks without credentials and follows no redirection', async () => {
    const fetch = jest.fn<Fetch>().mockResolvedValue(Response.json({}));
    await fetchJson(url, limits(fetch), { accept: 'application/jwk-set+json' });
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch).toHaveBeenCalledWith(url, {
      headers: { accept: 'application/jwk-set+json' },
      redirect: 'manual',
      credentials: 'omit',
      signal: expect.any(AbortSignal),
    });
  });

  it.each([201, 204, 206, 301, 304, 400, 401, 404, 429, 500, 503])(
    'refuses the status %i',
    async (status) => {
      const failure = await failureOf(fetchJson(url, answering(new Response(null, { status }))));
      expect(failure).toMatchObject({ kind: 'status', status });
      expect(failure.message).toBe(`GET from as.example failed: status ${String(status)}`);
      expect(failure.isOutage).toBe([429, 503].includes(status));
      expect(failure.meansAbsent).toBe(![429, 500, 503].includes(status));
    },
  );

  it('lets go of the body of an answer that it refuses', async () => {
    const cancel = jest.fn<() => void>();
    const body = new ReadableStream({ cancel });
    await failureOf(fetchJson(url, answering(new Response(body, { status: 500 }))));
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('refuses a body beyond the limit, and stops reading it', async () => {
    let pulled = 0;
    const cancel = jest.fn<() => void>();
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(60));
      },
      cancel,
    });
    const failure = await failureOf(fetchJson(url, answering(new Response(body))));
    expect(failure.message).toBe('GET from as.example failed: the answer is larger than 100 bytes');
    expect(failure).toMatchObject({ kind: 'content', isOutage: false });
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(pulled).toBeLessThan(5);
  });

  it('takes a body that reaches the limit, and not one that is a byte longer', async () => {
    const text = (length: number) => `"${'x'.repeat(length - 2)}"`;
    await expect(fetchJson(url, answering(new Response(text(100))))).resolves.toHaveLength(98);
    await failureOf(fetchJson(url, answering(new Response(text(101)))));
  });

  it('refuses an answer without a body', async () => {
    const failure = await failureOf(fetchJson(url, answering(new Response(null))));
    expect(failure.message).toContain('not usable JSON');
  });

  it('does not ask for the type of a key set, and does so for metadata', async () => {
    const html = () => answering(new Response('{}', { headers: { 'content-type': 'text/html' } }));
    await expect(fetchJson(url, html())).resolves.toEqual({});
    const failure = await failureOf(fetchJson(url, html(), { typeRequired: true }));
    expect(failure).toMatchObject({ kind: 'content', meansAbsent: true });
  });

  it('is an outage where the fetch fails, and keeps why', async () => {
    const cause = new TypeError('fetch failed');
    const failure = await failureOf(
      fetchJson(
        url,
        limits(() => Promise.reject(cause)),
      ),
    );
    expect(failure).toMatchObject({ kind: 'unreachable', isOutage: true, meansAbsent: false });
    expect(failure.message).toBe('GET from as.example failed: no connection');
    expect(failure.cause).toBe(cause);
  });

  it('is an outage where the fetch throws at once', async () => {
    const broken: Fetch = () => {
      throw new Error('broken');
    };
    expect(await failureOf(fetchJson(url, limits(broken)))).toMatchObject({ kind: 'unreachable' });
  });

  it('gives up at the deadline, even on a fetch that ignores the signal, and on a body that never ends', async () => {
    const ignoring: Fetch = () => new Promise(() => undefined);
    const hanging: Fetch = () => Promise.resolve(new Response(new ReadableStream({})));
    for (const fetch of [ignoring, hanging]) {
      jest.useFakeTimers();
      let outcome: unknown = 'pending';
      const settled = fetchJson(url, limits(fetch)).catch((error: unknown) => (outcome = error));
      await jest.advanceTimersByTimeAsync(4999);
      expect(outcome).toBe('pending');
      await jest.advanceTimersByTimeAsync(1);
      await settled;
      expect((outcome as Error).message).toBe('GET from as.example failed: no answer in time');
      expect(outcome).toMatchObject({ kind: 'unreachable' });
      jest.useRealTimers();
    }
  });
});
