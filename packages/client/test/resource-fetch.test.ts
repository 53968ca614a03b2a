import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientError } from '@assay/client';
import { opaqueToken, scriptedClient, tokenAnswer, type ScriptedClient } from './support/scripted-client.js';
import { send, type Answer } from './support/scripted-server.js';

const challenge = (text: string): Answer => ({ status: 401, headers: { 'www-authenticate': text } });
const invalidToken = challenge('Bearer realm="api", error="invalid_token"');

describe('fetch', () => {
  let scripted: ScriptedClient;
  let orders: string;
  beforeEach(async () => {
    scripted = await scriptedClient();
    orders = `${scripted.server.origin}/api/orders`;
    scripted.server.script('/api/orders', { json: [] });
  });
  afterEach(() => scripted.server.close());

  const calls = () => scripted.server.requests.filter(({ path }) => path.startsWith('/api'));

  /** Gives out tokens with numbers, and refuses the first. */
  function refuseFirstToken(refusal: Answer = invalidToken): void {
    let issued = 0;
    scripted.server.script('/token', (_request, response) => {
      issued += 1;
      send(response, { json: { ...tokenAnswer.json, access_token: `token-${String(issued)}` } });
    });
    scripted.server.script('/api/orders', ({ headers }, response) => {
      send(response, headers.authorization === 'Bearer token-1' ? refusal : { json: ['done'] });
    });
  }

  it.each([
    ['a text', (url: string) => url],
    ['a URL', (url: string) => new URL(url)],
  ])('brings the token along to %s', async (_form, urlOf) => {
    const response = await scripted.client.fetch(urlOf(orders), { headers: { 'x-request-id': '1' } });
    expect(response.status).toBe(200);
    expect(calls()).toMatchObject([
      { method: 'GET', headers: { authorization: `Bearer ${opaqueToken}`, 'x-request-id': '1' } },
    ]);
  });

  it('puts the token in place of another Authorization header', async () => {
    await scripted.client.fetch(orders, { headers: { Authorization: 'Basic YTpi' } });
    expect(calls()[0]?.headers.authorization).toBe(`Bearer ${opaqueToken}`);
  });

  it.each([
    ['another origin', () => 'https://evil.example/api/orders'],
    ['another path', () => `${scripted.server.origin}/admin`],
    ['a longer segment', () => `${scripted.server.origin}/apiary`],
    ['dot segments', () => `${scripted.server.origin}/api/../admin`],
    ['a user name', () => orders.replace('//', '//user@')],
    ['a relative URL', () => '/api/orders'],
    ['no URL', () => 'orders'],
  ])('refuses %s before it asks for a token or sends anything', async (_form, url) => {
    const error = await scripted.client.fetch(url()).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ code: 'resource.url-outside' });
    expect((error as Error).message).not.toContain('evil');
    expect(scripted.server.requests).toEqual([]);
  });

  it('sends nothing where the resource is no URL', async () => {
    const client = scripted.another({ resource: 'urn:example:api' });
    await expect(client.fetch(orders)).rejects.toMatchObject({ code: 'resource.url-outside' });
    expect((await client.getToken()).accessToken).toBe(opaqueToken);
  });

  it.each([undefined, 'follow', 'manual'] as const)('follows no redirect when told %s', async (redirect) => {
    scripted.server.script('/api/orders', {
      status: 302,
      headers: { location: `${scripted.server.origin}/elsewhere` },
    });
    const response = await scripted.client.fetch(orders, redirect === undefined ? {} : { redirect });
    expect(response.status).toBe(302);
    expect(scripted.server.requests.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  it('rejects a redirect when told to', async () => {
    scripted.server.script('/api/orders', { status: 302, headers: { location: '/elsewhere' } });
    await expect(scripted.client.fetch(orders, { redirect: 'error' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'fetch failed',
    });
  });

  it.each([
    ['alone', 'Bearer realm="api", error="invalid_token"'],
    ['unquoted and in other cases', 'bearer Error=invalid_token'],
    ['after a description with a comma', 'Bearer error_description="expired, sorry", error="invalid_token"'],
    ['after another scheme', 'Basic realm="x", Bearer error="invalid_token"'],
  ])('replaces a token that is refused as invalid, once: %s', async (_form, text) => {
    refuseFirstToken(challenge(text));
    const response = await scripted.client.fetch(orders);
    expect(await response.json()).toEqual(['done']);
    expect(calls().map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    await scripted.client.fetch(orders);
    expect(scripted.tokenRequests()).toHaveLength(2);
  });

  it('returns the second refusal as it is', async () => {
    scripted.server.script('/api/orders', invalidToken);
    expect((await scripted.client.fetch(orders)).status).toBe(401);
    expect(calls()).toHaveLength(2);
  });

  it.each<[string, Answer]>([
    ['401 without a challenge', { status: 401 }],
    ['401 without an error', challenge('Bearer realm="api"')],
    ['401 with another error', challenge('Bearer error="invalid_request"')],
    ['401 that only mentions invalid_token', challenge('Bearer error_description="error=invalid_token"')],
    ['401 of another scheme', challenge('Basic realm="Bearer error=invalid_token"')],
    ['403', { status: 403, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }],
    ['503', { status: 503 }],
  ])('keeps the token on %s', async (_form, refusal) => {
    refuseFirstToken(refusal);
    expect((await scripted.client.fetch(orders)).status).toBe(refusal.status);
    expect(calls()).toHaveLength(1);
    expect((await scripted.client.getToken()).accessToken).toBe('token-1');
  });

  const multipart = new FormData();
  multipart.set('a', 'b');

  it.each<[string, NonNullable<RequestInit['body']>]>([
    ['a text', 'a=b'],
    ['a form', new URLSearchParams({ a: 'b' })],
    ['bytes', new TextEncoder().encode('a=b')],
    ['a buffer', new TextEncoder().encode('a=b').buffer],
    ['a Blob', new Blob(['a=b'])],
    ['FormData', multipart],
  ])('sends %s again', async (_form, body) => {
    refuseFirstToken();
    const response = await scripted.client.fetch(orders, { method: 'POST', body });
    expect(response.status).toBe(200);
    const bodies = calls().map((call) => call.body.replace(/-{4,}\S+/g, ''));
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).not.toBe('');
    expect(bodies[1]).toBe(bodies[0]);
  });

  it('does not send a stream again, and forgets the token all the same', async () => {
    refuseFirstToken();
    const body = new Blob(['a=b']).stream();
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    expect((await scripted.client.fetch(orders, init)).status).toBe(401);
    expect(calls()).toHaveLength(1);
    expect((await scripted.client.getToken()).accessToken).toBe('token-2');
  });

  it('does not forget a newer token because of an older one', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    refuseFirstToken();
    scripted.server.script('/api/slow', (_request, response) => {
      void held.then(() => {
        send(response, invalidToken);
      });
    });
    const slow = scripted.client.fetch(`${scripted.server.origin}/api/slow`, {
      method: 'POST',
      body: new Blob(['x']).stream(),
      duplex: 'half',
    });
    await scripted.client.fetch(orders);
    release();
    expect((await slow).status).toBe(401);
    expect((await scripted.client.getToken()).accessToken).toBe('token-2');
    expect(scripted.tokenRequests()).toHaveLength(2);
  });
});
