import { describe, expect, it, jest } from '@jest/globals';
import { fetchBody, type Fetch } from '../../src/keys/fetch-body.js';
import { FetchFailure } from '../../src/keys/fetch-failure.js';

const url = 'https://as.example/introspect';
const parameters = new URLSearchParams({ token: 'a+b/c=', token_type_hint: 'access_token' });

describe('fetchBody with a form', () => {
  const send = (fetch: Fetch, headers?: Record<string, string>) =>
    fetchBody(
      url,
      { fetch, timeoutMs: 5000, maximumBytes: 100 },
      { accept: 'application/json', form: { parameters, ...(headers === undefined ? {} : { headers }) } },
    );

  it('posts the parameters, percent-encoded, and follows no redirection', async () => {
    const fetch = jest.fn<Fetch>().mockResolvedValue(Response.json({}));
    await send(fetch, { authorization: 'Basic Yzpz' });
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch).toHaveBeenCalledWith(url, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'Basic Yzpz',
      },
      body: 'token=a%2Bb%2Fc%3D&token_type_hint=access_token',
      redirect: 'manual',
      credentials: 'omit',
      signal: expect.any(AbortSignal),
    });
  });

  it('lets no header say that the body is something else', async () => {
    const fetch = jest.fn<Fetch>().mockResolvedValue(Response.json({}));
    await send(fetch, { accept: 'text/html', 'content-type': 'text/plain' });
    expect(fetch.mock.calls[0]?.[1].headers).toEqual({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
  });

  it('fails with a message that names the host, and nothing that was sent or received', async () => {
    const failure = await send(() => Promise.resolve(new Response('secret', { status: 500 }))).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(FetchFailure);
    expect((failure as FetchFailure).message).toBe('POST to as.example failed: status 500');
  });
});
