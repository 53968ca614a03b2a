import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { keepAnswerPrivate } from '../src/private-answer.js';

/** What a client gets from a plain Node server whose answers are kept private. */
async function answerOf(write: (response: ServerResponse) => void): Promise<IncomingMessage> {
  const server = createServer((_request, response) => {
    keepAnswerPrivate(response);
    write(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
    IncomingMessage,
  ];
  answer.resume();
  await once(answer, 'end');
  server.close();
  return answer;
}

async function cacheControlFor(value: string | readonly string[]): Promise<string | undefined> {
  const { headers } = await answerOf((response) => response.setHeader('cache-control', value).end());
  return headers['cache-control'];
}

describe('keepAnswerPrivate', () => {
  it.each([
    'private',
    'no-store',
    'Private',
    'NO-STORE',
    'private, max-age=60',
    'max-age=0, no-store',
    ' no-cache , private ',
  ])('keeps %p, which keeps shared caches away', async (value) => {
    expect(await cacheControlFor(value)).toBe(value.trim());
  });

  it.each([
    'public',
    'PUBLIC',
    'public, max-age=60',
    'max-age=60',
    'no-cache',
    's-maxage=60',
    'private, s-maxage=60',
    'private, public',
    'no-store,public',
    'private="set-cookie"',
    'privately',
    'x=private',
    '',
  ])('replaces %p', async (value) => {
    expect(await cacheControlFor(value)).toBe('private');
  });

  it('sets the header where nobody does', async () => {
    const { headers } = await answerOf((response) => response.end());
    expect(headers['cache-control']).toBe('private');
  });

  it('judges several lines together', async () => {
    expect(await cacheControlFor(['private', 'public'])).toBe('private');
    expect(await cacheControlFor(['no-cache', 'no-store'])).toBe('no-cache,no-store');
  });

  const ways: readonly (readonly [string, (response: ServerResponse) => unknown])[] = [
    ['an object', (response) => response.writeHead(201, { 'Cache-Control': 'public', 'X-Kept': 'yes' })],
    [
      'a reason and an object',
      (response) => response.writeHead(201, 'Fine', { 'CACHE-CONTROL': 'public', 'X-Kept': 'yes' }),
    ],
    ['a list', (response) => response.writeHead(201, ['cache-control', 'public', 'X-Kept', 'yes'])],
    [
      'pairs',
      (response) =>
        response.writeHead(201, [
          ['Cache-Control', 'public'],
          ['X-Kept', 'yes'],
        ] as never),
    ],
    [
      'headers that overrule an earlier one',
      (response) => {
        response.setHeader('Cache-Control', 'no-store');
        response.setHeader('X-Kept', 'no');
        response.writeHead(201, { 'Cache-Control': 'public', 'X-Kept': 'yes' });
      },
    ],
    [
      'an earlier header and others',
      (response) => {
        response.setHeader('Cache-Control', 'public');
        response.writeHead(201, { 'X-Kept': 'yes' });
      },
    ],
  ];

  it.each(ways)('sees what is handed to writeHead as %s, and leaves the rest alone', async (_how, write) => {
    const { statusCode, headers, rawHeaders } = await answerOf((response) => {
      write(response);
      response.end();
    });
    expect(statusCode).toBe(201);
    expect(headers['cache-control']).toBe('private');
    expect(headers['x-kept']).toBe('yes');
    const names = rawHeaders.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase());
    expect(names.filter((name) => name === 'cache-control')).toHaveLength(1);
  });

  it('keeps a private value that is handed to writeHead', async () => {
    const { headers } = await answerOf((response) =>
      response.writeHead(200, { 'Cache-Control': 'private, max-age=5' }).end(),
    );
    expect(headers['cache-control']).toBe('private, max-age=5');
  });

  it('keeps the reason phrase', async () => {
    const { statusMessage } = await answerOf((response) => response.writeHead(200, 'Fine').end());
    expect(statusMessage).toBe('Fine');
  });
});
